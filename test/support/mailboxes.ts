import { randomUUID } from 'node:crypto';
import type { MailboxKey } from '../../engine/mailboxes/mailboxes.ts';
import type { MessageType, MessageTypes } from '../../engine/mailboxes/message-types.ts';
import type { Message } from '../../engine/mailboxes/messages.ts';

/** The organisation that publishes in tests, and the enterprise whose mailbox it is. */
export const INSTITUTION = '0403019261';
export const ENTERPRISE: MailboxKey = { kind: 'enterprise', eboxId: '0206731645' };

/** A type that the institution may publish; a test names only what it is about. */
export function aMessageType(with_: Partial<MessageType> = {}): MessageType {
  return {
    ...{ id: 'attest', names: { nl: 'Attest', fr: 'Attestation', de: 'Bescheinigung' } },
    ...{ validity: { number: 6, unit: 'month' }, publishers: [{ organisation: INSTITUTION, applications: [] }] },
    ...{ audience: ['enterprise', 'institution', 'civil-servant', 'citizen'], protected: false, registered: false },
    ...{ replyAllowed: false, mainContent: 'attachment', businessData: [], mediaTypes: ['application/pdf'] },
    ...{ attachments: 6, attachmentBytes: 1 << 20 },
    ...with_,
  };
}

/** Types by their id. */
export const typesOf = (...types: readonly MessageType[]): MessageTypes =>
  Object.fromEntries(types.map((type) => [type.id, type]));

/** A message of the institution; a test names only what it is about. */
export function aMessage(with_: Partial<Message> = {}): Message {
  return {
    ...{ id: randomUUID(), messageType: 'attest', senderOrganisation: INSTITUTION, senderApplication: '' },
    ...{ registered: false, subject: { nl: 'Een attest' }, bodyMain: false, businessData: [], replyAllowed: false },
    ...{ publishedAt: '2026-06-01T10:00:00.000Z', attachments: [] },
    ...with_,
  };
}
