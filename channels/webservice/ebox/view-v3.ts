import type { Listed } from '../../../engine/mailboxes/list.ts';
import type { Attachment } from '../../../engine/mailboxes/messages.ts';
import { attachmentFacts, listed, messageFacts } from './view.ts';

/** An attachment in version 3. */
export const attachmentV3 = (attachment: Attachment, href: string) => ({
  ...attachmentFacts(attachment, href, (text) => text),
  isMainContent: attachment.main,
  isAttachmentSigned: attachment.signed ?? false,
});

/** A message in version 3 (protocol §2.2, v3 changes); `base` is the address of the messages. */
export function messageV3(one: Listed, base: string) {
  const { message, placed } = one;
  const href = `${base}/${encodeURIComponent(message.id)}`;
  const { id: ssin, name: label } = message.attention ?? {};
  return {
    ...messageFacts(one, (text) => text),
    readStatus: placed.firstReadAt !== undefined,
    visible: placed.visible,
    partition: placed.partition,
    isRegisteredMail: placed.registered,
    ...(message.attention && { forTheAttentionOf: { ssin, label } }),
    sender: { eboxType: 'enterprise', enterpriseNumber: message.senderOrganisation },
    attachments: listed(message.attachments.map((attachment) => attachmentV3(attachment, href))),
    isBodyMainContent: message.bodyMain,
    isReplyAuthorized: message.replyAllowed,
  };
}
