import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { loggable } from '../core/printable.ts';
import { findLanded, findSet, IN_FOLDERS, type LandedFile } from '../landing/folder-files.ts';
import {
  isStirring,
  isThere,
  nextSender,
  type OverdueFile,
  overdueFiles,
  type Place,
  removeOverdue,
} from '../landing/overdue.ts';
import type { Goals } from '../registry/goals.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { type Evaluation, hashOf, known, type NewEvaluation, type ReceivedFile } from './evaluate.ts';
import {
  belongsTo,
  faultsOfLeftover,
  keyOf,
  type Leftover,
  leftoverOf,
  roleAndPart,
  takesLegacyNames,
} from './leftover.ts';
import { carryOut } from './receive.ts';

export interface SetExpiryDeps {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly goals: Goals;
  /** How long files wait for their GO, in ms. */
  readonly waitMs: number;
  /** Called after a commit that added to the outbox. */
  readonly wake: () => void;
}

export interface SetExpiry {
  /**
   * Goes through the IN folders once. Files that have waited longer than they may are taken out and answered (protocol
   * code 130; 131, 132 and 129 for names that are no set's); uploads that were never finished are removed. A set of which
   * anything is younger, and one whose GO is there, is left alone. The stem is not used up: the sender may send again.
   *
   * @returns how many sets were answered and uploads removed. Safe to run anywhere, any number of times at once.
   */
  run(signal?: AbortSignal): Promise<number>;
}

type Answerable = Exclude<Leftover, { kind: 'trigger' | 'unfinished' }>;

const PAGE = 200;

/** Creates what answers for sets that never get complete (design §4.2). One transaction a set. */
export function createSetExpiry(deps: SetExpiryDeps): SetExpiry {
  const { db, log, clock, waitMs } = deps;

  async function ofSender(sender: string, before: Date, signal?: AbortSignal): Promise<number> {
    let done = 0;
    for (const folder of IN_FOLDERS) done += await expireFolder({ sender, folder }, before, deps, signal);
    return done;
  }

  async function run(signal?: AbortSignal): Promise<number> {
    const before = new Date(clock().getTime() - waitMs);
    let done = 0;
    for (let at = await nextSender(db, ''); at !== undefined && !signal?.aborted; at = await nextSender(db, at)) {
      const sender = at;
      // what cannot be taken out of one sender's folders must not keep the others': it is tried again next time
      done += await ofSender(sender, before, signal).catch((err: unknown) => {
        log.error({ err, sender }, 'overdue files not dealt with');
        return 0;
      });
    }
    return done;
  }

  return { run };
}

async function expireFolder(place: Place, before: Date, deps: SetExpiryDeps, signal?: AbortSignal): Promise<number> {
  let done = 0;
  for (let after = ''; !signal?.aborted; ) {
    const files = await overdueFiles(deps.db, place, { before, after, limit: PAGE });
    const last = files.at(-1);
    if (!last) break;
    done += await expirePage(files, before, deps);
    after = last.name;
  }
  return done;
}

async function expirePage(files: readonly OverdueFile[], before: Date, deps: SetExpiryDeps): Promise<number> {
  const seen = new Set<string>();
  let done = 0;
  for (const file of files) {
    const leftover = leftoverOf(file.name, file.complete);
    const key = keyOf(leftover);
    if (key !== undefined && seen.has(key)) continue;
    if (key !== undefined) seen.add(key);
    if (await expire(file, leftover, before, deps)) done += 1;
  }
  return done;
}

async function expire(file: OverdueFile, leftover: Leftover, before: Date, deps: SetExpiryDeps): Promise<boolean> {
  switch (leftover.kind) {
    case 'trigger':
      return false;
    case 'unfinished':
      return removeUnfinished(file, before, deps);
    default:
      return answer(file, leftover, before, deps);
  }
}

async function removeUnfinished(file: OverdueFile, before: Date, deps: SetExpiryDeps): Promise<boolean> {
  const removed = await removeOverdue(deps, file, before);
  const { sender, folder, size } = file;
  if (removed) deps.log.info({ sender, folder, name: loggable(file.name), bytes: size }, 'unfinished upload removed');
  return removed;
}

async function answer(file: OverdueFile, leftover: Answerable, before: Date, deps: SetExpiryDeps): Promise<boolean> {
  if (await mustWait(deps.db, file, leftover, before)) return false;
  const outcome = await inTransaction(
    deps.db,
    (tx) => answerIn(tx, file, leftover, before, deps),
    (result) => result !== undefined,
  );
  if (!outcome) return false;
  const { ticket, evaluation } = outcome;
  const codes = evaluation.kind === 'new' ? evaluation.faults.map(({ code }) => code) : [];
  const { sender, folder } = file;
  deps.log.info(
    { ticket, sender, folder, outcome: evaluation.kind, codes: [...new Set(codes)] },
    'overdue files answered',
  );
  deps.wake();
  return true;
}

async function answerIn(tx: Db, file: OverdueFile, leftover: Answerable, before: Date, deps: SetExpiryDeps) {
  const evaluation = await evaluateLeftover(tx, file, leftover, deps.goals);
  if (!evaluation || evaluation.kind === 'gone') return undefined;
  const { sender, channel, folder } = file;
  const name = evaluation.files[0]?.file.name ?? file.name;
  const ticket = await carryOut(tx, { sender, channel, folder, name }, evaluation, { ...deps, by: 'engine' });
  // asked again now that the files are ours: a GO that came meanwhile goes first
  if (ticket === undefined || (await mustWait(tx, file, leftover, before))) return undefined;
  return { ticket, evaluation };
}

/** True while the sender is still at work on the set, or the intake is: its GO or TD is there. */
async function mustWait(db: Db, place: Place, leftover: Answerable, before: Date): Promise<boolean> {
  if (leftover.kind !== 'set') return false;
  const triggers = [`GO.${leftover.stem}`, `TD.${leftover.stem}`];
  if (await isThere(db, place, triggers)) return true;
  return isStirring(db, place, [...leftover.prefixes, ...triggers], before);
}

async function evaluateLeftover(
  db: Db,
  place: OverdueFile,
  leftover: Answerable,
  goals: Goals,
): Promise<Evaluation | undefined> {
  const { kind, stem } = leftover;
  const legacy = takesLegacyNames(leftover, goals);
  const landed = await landedOf(db, place, leftover);
  const files = landed.map((file): ReceivedFile => ({ file, ...roleAndPart(file.name, stem, legacy) }));
  if (files.length === 0) return undefined;
  const faults = faultsOfLeftover(kind, files);
  const content = files.map(({ file }) => `${file.name}:${file.sha256}`);
  const goal = kind === 'set' ? goals[leftover.goal]?.code : undefined;
  const evaluation: NewEvaluation = {
    kind: 'new',
    state: 'refused',
    stem,
    contentHash: hashOf(['overdue', place.folder, ...content]),
    goal: goal ?? 'unknown',
    claimsStem: false,
    faults,
    files,
  };
  return known(db, place.sender, evaluation);
}

async function landedOf(db: Db, { sender, folder }: Place, leftover: Answerable): Promise<LandedFile[]> {
  if (leftover.kind === 'set') {
    const found = await findSet(db, sender, folder, leftover.prefixes);
    return found.filter(({ name }) => belongsTo(name, leftover.stem));
  }
  const found: LandedFile[] = [];
  for (const name of leftover.names) {
    const file = await findLanded(db, sender, folder, name);
    if (file) found.push(file);
  }
  return found;
}
