import type { MailboxKey } from './mailboxes.ts';
import type { Placed } from './placed.ts';

/** Who asks for a mailbox: software of an organisation, for itself or for another. */
export interface Caller {
  /** Number of the sender: six digits. */
  readonly sender: string;
  /** Its organisation's enterprise number. */
  readonly organisation: string;
  /** The organisation that it asks for; absent: its own. */
  readonly onBehalfOf?: string;
}

/** What somebody may see of a mailbox, and do with it. */
export interface View {
  /** Of these partitions only; absent: of all. */
  readonly partitions?: readonly string[];
  /** Nothing of these message types. */
  readonly withoutTypes: readonly string[];
  /** Hide, restore, answer, change preferences. */
  readonly mayChange: boolean;
  /** It is the owner who looks: that activates the mailbox. */
  readonly isOwner: boolean;
}

/** Who may see what of which mailbox. Passed in by the composition root: the one place that decides. Nothing by default. */
export type ViewOf = (caller: Caller, mailbox: MailboxKey) => Promise<View | undefined>;

/** Whether an organisation has given another the mandate for its mailbox. */
export type HasMandate = (provider: string, organisation: string) => Promise<boolean>;

/** Nobody has given any. */
export const noMandates: HasMandate = async () => false;

const EVERYTHING: View = { withoutTypes: [], mayChange: true, isOwner: true };

/** An organisation's software sees its own mailboxes whole, and those that it has a mandate for. */
export function ownMailboxes(hasMandate: HasMandate): ViewOf {
  return async ({ organisation, onBehalfOf }, { kind, eboxId }) => {
    if (kind !== 'enterprise' && kind !== 'institution') return undefined;
    if (onBehalfOf === undefined) return eboxId === organisation ? EVERYTHING : undefined;
    const mandated = eboxId === onBehalfOf && (await hasMandate(organisation, onBehalfOf));
    return mandated ? { ...EVERYTHING, isOwner: false } : undefined;
  };
}

/** Whether a view shows a message that lies in the mailbox. */
export function mayShow(
  { partitions, withoutTypes }: View,
  placed: Pick<Placed, 'partition' | 'messageType'>,
): boolean {
  return (partitions?.includes(placed.partition) ?? true) && !withoutTypes.includes(placed.messageType);
}
