import type { Clock } from '../../../engine/core/clock.ts';
import type { Logger } from '../../../engine/core/logger.ts';
import type { Folders } from '../../../engine/landing/folders.ts';
import type { Fields } from '../fields.ts';
import type { Handles } from '../handles.ts';
import type { Reply } from '../replies.ts';
import type { ConfirmStanding } from '../standing.ts';

/** What the operations of one session work on. */
export interface SessionContext {
  /** Six digits. */
  readonly sender: string;
  readonly folders: Folders;
  readonly handles: Handles;
  readonly maxHandles: number;
  /** Asked before anything is opened. */
  readonly confirmStanding: ConfirmStanding;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Carries out one request; what it throws becomes the status of the reply. */
export type Operation = (context: SessionContext, id: number, fields: Fields) => Promise<Reply>;
