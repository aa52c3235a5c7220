import type { Image } from '../../../engine/mailboxes/directory.ts';
import type { Listed } from '../../../engine/mailboxes/list.ts';
import { mediaTypeIn } from '../../../engine/mailboxes/media-types.ts';
import type { Translated } from '../../../engine/mailboxes/message-types.ts';
import type { Attachment, BusinessData, Message } from '../../../engine/mailboxes/messages.ts';

/** An instant as the interface writes it: yyyy-MM-dd'T'HH:mm:ssXXX, so without parts of a second. */
export const instant = (at: string | Date): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

const KIB = 1_024;

/** Bytes as the kB of the interface (of 1,024 bytes). */
export const kilobytes = (bytes: number): number => bytes / KIB;

/** Things as the interface lists them; null: nobody counted how many there are. */
export const listed = <T>(items: readonly T[], totalItems: number | null = items.length) => ({
  items,
  ...(totalItems !== null && { totalItems }),
});

/** What both versions call alike: what an attachment is, without what each calls its own way. */
export function attachmentFacts({ number, title, fileName, mediaType, sha256, size }: Attachment, href: string) {
  return {
    attachmentId: String(number),
    attachmentTitle: title ?? {},
    fileName,
    mediaType: mediaTypeIn(mediaType) ?? mediaType,
    size: kilobytes(size),
    digest: { digestMethod: 'sha_256', digestValue: Buffer.from(sha256, 'hex').toString('base64url') },
    contentHref: `${href}/attachments/${number}/content`,
  };
}

/** An attachment in version 2. */
export const attachmentV2 = (attachment: Attachment, href: string) => ({
  ...attachmentFacts(attachment, href),
  mainContent: attachment.main,
  attachmentSigned: attachment.signed ?? false,
});

/** A fact of a message, the same in both versions. */
export const businessDataView = ({ key, name = {}, description, values }: BusinessData) => ({
  key,
  name,
  ...(description && { description }),
  values,
});

/** What both versions call alike of a message. */
export function messageFacts({ message, placed }: Listed) {
  return {
    messageId: message.id,
    ...(message.originalId !== undefined && { originalMessageId: message.originalId }),
    subject: message.subject,
    receiptDate: instant(placed.receivedAt),
    expirationDate: instant(placed.expiresAt),
    messageTypeId: message.messageType,
    ...(message.senderApplication !== '' && { senderApplicationId: message.senderApplication }),
    ...(message.payment && { paymentData: message.payment }),
    ...(message.businessData.length > 0 && { businessDataList: listed(message.businessData.map(businessDataView)) }),
  };
}

/** A message in version 2; `base` is the address of the messages. */
export function messageV2(one: Listed, base: string) {
  const { message, placed } = one;
  const href = `${base}/${encodeURIComponent(message.id)}`;
  return {
    ...messageFacts(one),
    readStatus: placed.firstReadAt !== undefined,
    visible: placed.visible,
    registeredMail: placed.registered,
    ...(message.attention && { forTheAttentionOf: message.attention }),
    senderOrganizationId: message.senderOrganisation,
    attachments: listed(message.attachments.map((attachment) => attachmentV2(attachment, href))),
    bodyMainContent: message.bodyMain,
    replyAuthorized: message.replyAllowed,
  };
}

/** The texts of a body; undefined when the message has none. */
export const bodyOf = ({ body }: Message): Translated | undefined => body;

/** Pictures of an application or organisation. */
export const imagesView = (images: readonly Image[], href: string) =>
  images.map(({ id, mediaType, language, bytes }) => ({
    imageId: id,
    size: kilobytes(bytes.length),
    mediaType,
    ...(language && { language }),
    contentHref: `${href}/images/${id}/content`,
  }));
