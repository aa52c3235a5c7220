import type { Login } from '../../test/support/sftp-client.ts';
import type { FlowSender } from './flow-sets.ts';

/** Something that takes sets over SFTP, and tells when it has dealt with each. */
export interface Contender {
  readonly name: string;
  /** Where a sender logs in, and the folder it puts files in. */
  entrance(sender: FlowSender): { readonly login: Login; readonly folder: string };
  /** Begins to watch for sets that are done: receipt in OUT and message in the mailbox, both durable. */
  watch(everyMs: number): Watch;
  /** Processes whose CPU time counts, by what they are; with those below them. */
  readonly processes: Readonly<Record<string, readonly number[]>>;
  stop(): Promise<void>;
}

/** Sees from outside which sets are done. */
export interface Watch {
  /** When each set was seen to be done, by `performance.now()`, under its stem. */
  readonly doneAt: ReadonlyMap<string, number>;
  /** Resolves when all of these are done; rejects when nothing more has come for a minute. */
  all(stems: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}
