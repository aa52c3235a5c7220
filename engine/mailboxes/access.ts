import { isOfOrganisation, type MailboxKey } from './mailboxes.ts';
import type { Placed } from './placed.ts';

/** Who asks for a mailbox: software of an organisation, for itself or for another, or a person who has signed in there. */
export type Caller = Asking & (Software | { readonly kind: 'person' });

interface Software {
  readonly kind: 'sender';
  /** The quality that it sends in, as its request was let in: no sender that is kept out gets so far. */
  readonly quality: string;
}

interface Asking {
  /** The six digits of the sender, or the id of the person: so the audit names it. */
  readonly who: string;
  /** Its organisation's enterprise number. */
  readonly organisation: string;
  /** The organisation that it asks for; absent: its own. */
  readonly onBehalfOf?: string;
}

/** Whose mailbox a caller asks for: the organisation that it acts for, or else its own. */
export const eboxIdOf = ({ onBehalfOf, organisation }: Caller): string => onBehalfOf ?? organisation;

/** What somebody may see of a mailbox, and do with it. */
export interface View {
  /** Of these partitions only; absent: of all. */
  readonly partitions?: readonly string[];
  /** Of these message types only; absent: of all. */
  readonly types?: readonly string[];
  /** Hide, restore, answer. */
  readonly mayChange: boolean;
  /** Choose for all who share the mailbox: whether paper is wanted, where mails go. */
  readonly mayChoose: boolean;
  /** It is the owner who looks: that activates the mailbox. */
  readonly isOwner: boolean;
}

/**
 * Who may see what of the mailbox of an organisation (its enterprise number). Passed in by the composition root: the one
 * place that decides. Nothing by default; of the mailboxes of civil servants and citizens nobody asks.
 */
export type ViewOf = (caller: Caller, enterpriseNumber: string) => Promise<View | undefined>;

/** What a caller may see of a mailbox, of whatever kind: nothing of those of civil servants and citizens. */
export async function viewIn(mailbox: MailboxKey, caller: Caller, viewOf: ViewOf): Promise<View | undefined> {
  return isOfOrganisation(mailbox) ? viewOf(caller, mailbox.eboxId) : undefined;
}

/** Whether an organisation has given that of a caller the mandate for its mailbox. */
export type HasMandate = (caller: Caller, organisation: string) => Promise<boolean>;

/** Whether a view shows a message that lies in the mailbox. */
export function mayShow({ partitions, types }: View, placed: Pick<Placed, 'partition' | 'messageType'>): boolean {
  return (partitions?.includes(placed.partition) ?? true) && (types?.includes(placed.messageType) ?? true);
}
