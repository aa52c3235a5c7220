import type { Clock } from '../../../engine/core/clock.ts';
import type { Logger } from '../../../engine/core/logger.ts';
import type { MayConnect } from '../../../engine/core/private-addresses.ts';
import type { HasMandate } from '../../../engine/mailboxes/access.ts';
import type { Directory } from '../../../engine/mailboxes/directory.ts';
import type { Walks } from '../../../engine/mailboxes/pages.ts';
import type { PublishDeps } from '../../../engine/mailboxes/publish.ts';
import type { Entrance } from './caller.ts';
import type { Environment } from './status-message.ts';

/** What is passed in from outside the web service. */
export interface Mailboxes
  extends Pick<PublishDeps, 'types' | 'provider' | 'evidence' | 'applications' | 'recipientOf' | 'viewOf'> {
  /** As it is now, or was a minute ago. */
  readonly directory: () => Promise<Directory>;
  readonly hasMandate: HasMandate;
  /** Where webhooks may be. */
  readonly mayConnect: MayConnect;
  readonly environment: Environment;
  /** Where people may ask for help; empty: nobody says. */
  readonly contact: string;
  /** Enterprise number that the engine itself publishes under. */
  readonly organisation: string;
}

/** What every route of the e-Box interfaces gets. */
export interface EboxDeps extends Mailboxes, PublishDeps, Entrance {
  readonly clock: Clock;
  readonly log: Logger;
  readonly walks: Walks;
  /** What clients call this server. */
  readonly url: () => string;
}
