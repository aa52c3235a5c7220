import { EngineError } from '../../engine/core/errors.ts';
import { createOutage, type Outage } from '../../engine/core/outage.ts';
import type { FolderName } from '../../engine/landing/folders.ts';
import { copiedIn, OUT_FOLDERS } from '../../engine/landing/out-copies.ts';
import { type AnswersDeps, copyOut, noteFetched, sweepAside } from './answers.ts';
import type { Holder } from './holder.ts';
import { createInbox, type InboxOptions } from './inbox.ts';
import { openSenderDirectory, type SenderDirectory } from './sender-directory.ts';
import { createWatches } from './watches.ts';

/** What can be asked of a desk: to look into IN, to bring answers to OUT, to see which of them were fetched. */
export type Task = 'in' | 'answers' | 'fetched';

export interface DeskOptions extends Omit<InboxOptions, 'holder'>, Omit<AnswersDeps, 'holder'> {
  readonly sender: string;
  readonly path: string;
  readonly holder: Holder;
  /** Whether the sender is registered, and for drop folders. */
  readonly isServed: () => Promise<boolean>;
  /** Runs work when there is a place for it. */
  readonly inPlace: (work: () => Promise<void>) => Promise<void>;
}

/** Serves the directory of one sender: one task at a time, each as soon as it is asked for. */
export interface Desk {
  readonly sender: string;
  /** Asked while it is under way, a task is done once more. */
  ask(...tasks: readonly Task[]): void;
  /** Resolves when nothing is under way; after the signal has aborted nothing begins any more. */
  close(): Promise<void>;
}

/** Creates a desk; it does nothing before it is asked. */
export function createDesk(options: DeskOptions): Desk {
  const { sender, path, log, signal, inPlace } = options;
  const outages = outagesOf(options);
  const inbox = createInbox(options);
  const watches = createWatches(path, (folder) => ask(folder.startsWith('IN') ? 'in' : 'fetched'), log);
  const wanted = new Set<Task>();
  let running: Promise<void> | undefined;

  const works: Readonly<Record<Task, (directory: SenderDirectory) => Promise<void>>> = {
    in: inbox.look,
    answers: (directory) => eachOut(sender, (place) => copyOut(directory, place, answersOf(options))),
    fetched: async (directory) => {
      await eachOut(sender, (place) => noteFetched(directory, place, answersOf(options)));
      await sweep(directory, options);
    },
  };

  function ask(...tasks: readonly Task[]): void {
    for (const task of tasks) wanted.add(task);
    running ??= run().finally(() => {
      running = undefined;
      if (wanted.size > 0 && !signal.aborted) ask(); // asked in the very moment of the end
    });
  }

  async function run(): Promise<void> {
    while (wanted.size > 0 && !signal.aborted) {
      await inPlace(async () => {
        const tasks = [...wanted];
        wanted.clear();
        await telling('directory', () => serve(tasks));
      });
    }
  }

  async function serve(tasks: readonly Task[]): Promise<void> {
    if (signal.aborted) return;
    if (!(await options.isServed()))
      throw new EngineError('access_denied', 'its sender is not registered for drop folders');
    const directory = await openSenderDirectory(path);
    try {
      await watches.keep(directory); // first: what comes while we look is told
      for (const task of tasks) await telling(task, () => works[task](directory));
    } finally {
      await directory.close();
    }
  }

  /** Never rejects: what fails is said once, until it succeeds. */
  async function telling(what: Task | 'directory', work: () => Promise<void>): Promise<void> {
    await work().then(outages[what].succeeded, (error: unknown) => {
      if (!signal.aborted) outages[what].failed(withoutNames(error));
    });
  }

  async function close(): Promise<void> {
    watches.close();
    await running;
    watches.close(); // what was under way may have begun to watch
  }

  return { sender, ask, close };
}

/** What the system says of a file names it, and its name may be anything. */
function withoutNames(error: unknown): unknown {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  return path === undefined ? error : new Error(`a file or directory could not be used (${syscall}: ${code})`);
}

const answersOf = (options: DeskOptions): AnswersDeps => ({ ...options, holder: options.holder.id });

function outagesOf({ log, clock }: DeskOptions): Readonly<Record<Task | 'directory', Outage>> {
  const of = (what: string) => createOutage(what, log, clock);
  return {
    directory: of('drop folder'),
    in: of('taking in from the drop folder'),
    answers: of('answers into the drop folder'),
    fetched: of('looking what was fetched from the drop folder'),
  };
}

/** Does the same for each OUT folder; the first failure is thrown after all of them. */
async function eachOut(sender: string, work: (place: { sender: string; folder: FolderName }) => Promise<void>) {
  const failures: unknown[] = [];
  for (const folder of OUT_FOLDERS) {
    await work({ sender, folder }).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function sweep(directory: SenderDirectory, { db, sender, holder }: DeskOptions): Promise<void> {
  const noted = async (copy: string) => {
    const all = await Promise.all(OUT_FOLDERS.map((folder) => copiedIn(db, { sender, folder })));
    return all.flat().some((one) => one.copy === copy);
  };
  await sweepAside(directory, noted, holder.isLongDead);
}
