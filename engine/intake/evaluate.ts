import { createHash } from 'node:crypto';
import { fileDate } from '../core/calendar.ts';
import type { Clock } from '../core/clock.ts';
import { EngineError } from '../core/errors.ts';
import {
  bareName,
  environmentOf,
  isMisnamedFor,
  isTemporary,
  parsePart,
  parseTrigger,
  setPrefixes,
  type TriggerName,
} from '../landing/file-name.ts';
import { findLanded, findSet, type LandedFile } from '../landing/folder-files.ts';
import type { Arrival } from '../landing/folders.ts';
import { type Goal, type Goals, goalOf } from '../registry/goals.ts';
import type { Sender } from '../registry/senders.ts';
import type { Db } from '../store/database.ts';
import { filesOf, findCancelled, findSame, findSubmission, holderOfStem } from '../submissions/submissions.ts';
import { type Fault, firstFaults, type NameFacts, type SetFacts, type SetFile } from './checks/check.ts';
import { NAME_STAGES } from './checks/name.ts';
import { SET_STAGES } from './checks/set.ts';
import { checkSignatures, type SignatureSummary, type VerifyPart } from './checks/signature.ts';

export interface EvaluateDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly goals: Goals;
  readonly senderOf: (number: string) => Promise<Sender | undefined>;
  readonly verify: VerifyPart;
}

/** A file of the set as it will be stored with the submission. */
export interface ReceivedFile {
  readonly file: LandedFile;
  readonly role: 'FI' | 'FS' | 'GO' | 'TD';
  readonly part: number;
}

/** What must be done about a GO or TD; decided by reading only, carried out in one transaction afterwards. */
export type Evaluation =
  | { readonly kind: 'gone' }
  | { readonly kind: 'repeat'; readonly ticket: string; readonly files: readonly ReceivedFile[] }
  | { readonly kind: 'withdraw'; readonly ticket: string; readonly files: readonly ReceivedFile[] }
  | {
      readonly kind: 'new';
      readonly state: 'received' | 'refused' | 'cancelled';
      readonly stem: string;
      readonly contentHash: string;
      readonly goal: string;
      /** Whether the stem is now used up, so that other content under it is refused with 133. */
      readonly claimsStem: boolean;
      readonly faults: readonly Fault[];
      readonly files: readonly ReceivedFile[];
      readonly signature?: SignatureSummary;
    };

/** Judges a GO or TD that has arrived: the ordered stages of protocol §1.8 up to the signature. Changes nothing. */
export async function evaluate(arrival: Arrival, deps: EvaluateDeps): Promise<Evaluation> {
  const trigger = await findLanded(deps.db, arrival.sender, arrival.folder, arrival.name);
  if (!trigger) return { kind: 'gone' };
  const sender = await deps.senderOf(arrival.sender);
  if (!sender) throw new EngineError('access_denied', 'the sender is no longer registered', { sender: arrival.sender });
  const name = parseTrigger(arrival.name);
  if (!name) return refuseName(arrival, trigger, deps);
  const goal = goalOf(deps.goals, name.goal);
  const facts: NameFacts = { arrival, sender, name, goal, today: fileDate(deps.clock()) };
  const faults = firstFaults(NAME_STAGES, facts);
  if (faults.length > 0 || !goal) return refuse(facts, trigger, faults, deps.db);
  const files = await gather({ ...facts, goal }, trigger, deps.db);
  const set: SetFacts = {
    ...facts,
    goal,
    environment: environmentOf(arrival.folder),
    count: Number(name.count ?? 1),
    files: files.filter(isPart).map(({ file, role }) => partOf(file, role, name, goal)),
  };
  return name.role === 'TD' ? evaluateCancel(set, files, deps) : evaluateSet(set, files, deps);
}

/** A name that has not even the structure of a GO is refused under the name itself. */
async function refuseName(arrival: Arrival, file: LandedFile, deps: EvaluateDeps): Promise<Evaluation> {
  const role = arrival.name.startsWith('TD') ? 'TD' : 'GO';
  const stem = bareName(arrival.name) || arrival.name;
  const fault = { code: '107', detail: 'the name is not GO.<goal>.<sender>.<date>.<sequence>.<environment>.<parts>' };
  return known(deps.db, arrival.sender, {
    kind: 'new',
    state: 'refused',
    stem,
    contentHash: hashOf(['107', arrival.folder]),
    goal: 'unknown',
    claimsStem: false,
    faults: [fault],
    files: [{ file, role, part: 0 }],
  });
}

/** Refused for its name alone: the other files stay where they are, and the same name again gets the same ticket. */
function refuse(facts: NameFacts, trigger: LandedFile, faults: readonly Fault[], db: Db): Promise<Evaluation> {
  const files = [{ file: trigger, role: facts.name.role, part: 0 }];
  const { sender, name, folder } = facts.arrival;
  const contentHash = hashOf([name, folder, ...faults.map(({ code }) => code)]);
  return known(db, sender, { ...base(facts, files), state: 'refused', contentHash, claimsStem: false, faults });
}

async function evaluateSet(set: SetFacts, files: readonly ReceivedFile[], deps: EvaluateDeps): Promise<Evaluation> {
  const contentHash = hashOf(['GO', contentOf(files)]);
  const holder = await holderOfStem(deps.db, set.sender.number, set.name.stem);
  if (holder) return evaluateDuplicate(set, files, holder, contentHash, deps);
  const decided = { ...base(set, files), contentHash, claimsStem: true };
  const faults = firstFaults(SET_STAGES, set);
  if (faults.length > 0) return { ...decided, state: 'refused', faults };
  const signed = await checkSignatures(set, deps.verify);
  const state = signed.faults.length > 0 ? 'refused' : 'received';
  return { ...decided, state, faults: signed.faults, signature: signed.summary };
}

/** Same stem: the same content again gives the same ticket, other content is refused (133; design §4.3). */
async function evaluateDuplicate(
  set: SetFacts,
  files: readonly ReceivedFile[],
  ticket: string,
  contentHash: string,
  deps: EvaluateDeps,
): Promise<Evaluation> {
  const before = new Map((await filesOf(deps.db, ticket)).map(({ name, sha256 }) => [name, sha256]));
  const declarations = files.filter(({ role }) => role === 'FI');
  const same = declarations.every(({ file }) => before.get(file.name) === file.sha256);
  if (same) return { kind: 'repeat', ticket, files };
  const fault = { code: '133', detail: `the name was used before, for ${ticket}, with other content` };
  return known(deps.db, set.sender.number, {
    ...base(set, files),
    state: 'refused',
    contentHash,
    claimsStem: false,
    faults: [fault],
  });
}

async function evaluateCancel(set: SetFacts, files: readonly ReceivedFile[], deps: EvaluateDeps): Promise<Evaluation> {
  const { db } = deps;
  const ticket = await holderOfStem(db, set.sender.number, set.name.stem);
  const holder = ticket === undefined ? undefined : await findSubmission(db, ticket);
  if (holder) return { kind: holder.state === 'received' ? 'withdraw' : 'repeat', ticket: holder.ticket, files };
  const cancelled = await findCancelled(db, set.sender.number, set.name.stem);
  if (cancelled && !files.some(isPart)) return { kind: 'repeat', ticket: cancelled, files };
  const detail = 'cancelled by the sender before it was released';
  return known(db, set.sender.number, {
    ...base(set, files),
    state: 'cancelled',
    contentHash: hashOf(['TD', contentOf(files)]),
    claimsStem: false,
    faults: [{ code: '277', detail }],
  });
}

/** What makes a new submission. */
export type NewEvaluation = Extract<Evaluation, { kind: 'new' }>;

/** The same refusal of the same content is answered with the ticket it has. */
export async function known(db: Db, sender: string, evaluation: NewEvaluation): Promise<Evaluation> {
  const same = await findSame(db, sender, evaluation.stem, evaluation.contentHash);
  return same ? { kind: 'repeat', ticket: same.ticket, files: evaluation.files } : evaluation;
}

function base(facts: NameFacts, files: readonly ReceivedFile[]) {
  return { kind: 'new', stem: facts.name.stem, goal: facts.goal?.code ?? 'unknown', files } as const;
}

type GoalFacts = NameFacts & { readonly goal: Goal };

/** The trigger and the finished files of its set, well named or almost. */
async function gather(facts: GoalFacts, trigger: LandedFile, db: Db): Promise<ReceivedFile[]> {
  const { name, goal } = facts;
  const parts = (await landedOf(facts, db)).map((file) => {
    const role = file.name.startsWith('FI') ? ('FI' as const) : ('FS' as const);
    return { file, role, part: parsePart(file.name, name.stem, goal.legacyNames)?.part ?? 0 };
  });
  return [{ file: trigger, role: name.role, part: 0 }, ...parts];
}

/** Files of the stem; when it has none of a role that it needs, misnamed ones of that role are taken to be meant (131, 132). */
async function landedOf({ arrival, name, goal }: GoalFacts, db: Db): Promise<LandedFile[]> {
  const inFolder = (prefixes: readonly string[]) => findSet(db, arrival.sender, arrival.folder, prefixes);
  const own = (await inFolder(setPrefixes(name.stem))).filter((file) => !isTemporary(file.name));
  const needed = goal.signature[environmentOf(arrival.folder)] === 'required' ? ['FI', 'FS'] : ['FI'];
  const lacking = needed.filter((role) => !own.some((file) => file.name.startsWith(role)));
  if (lacking.length === 0 || name.role === 'TD') return own;
  const others = await inFolder(lacking.map((role) => `${role}.${name.goal}.${name.sender}.`));
  return [...own, ...others.filter((file) => isMisnamedFor(file.name, name.stem))];
}

const isPart = (file: ReceivedFile): file is ReceivedFile & { role: 'FI' | 'FS' } =>
  file.role === 'FI' || file.role === 'FS';

function partOf(file: LandedFile, role: 'FI' | 'FS', name: TriggerName, goal: Goal): SetFile {
  const part = parsePart(file.name, name.stem, goal.legacyNames);
  return { role, file, count: part?.count, part: part?.part };
}

/** Content is what the FI files hold; a signature may be made anew over the same content. */
function contentOf(files: readonly ReceivedFile[]): string {
  const declarations = files.filter(({ role }) => role === 'FI').map(({ file }) => `${file.name}:${file.sha256}`);
  return declarations.sort().join('\n');
}

/** The SHA-256 of some lines, lower-case hex: tells one refusal from another. */
export function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}
