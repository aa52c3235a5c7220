import type { Image } from '../../../engine/mailboxes/directory.ts';
import type { Listed } from '../../../engine/mailboxes/list.ts';
import { mediaTypeIn } from '../../../engine/mailboxes/media-types.ts';
import type { Translated } from '../../../engine/mailboxes/message-types.ts';
import type { Attachment, BusinessData } from '../../../engine/mailboxes/messages.ts';

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

/** How a version shows texts. */
export type ShowText = (text: Translated) => Translated;

/** Version 2 knows no English: it is left out where there is another language. */
export function textV2({ en, ...others }: Translated): Translated {
  return Object.keys(others).length > 0 || en === undefined ? others : { en };
}

/** What both versions call alike: what an attachment is, without what each calls its own way. */
export function attachmentFacts(attachment: Attachment, href: string, text: ShowText) {
  const { number, title, fileName, mediaType, sha256, size } = attachment;
  return {
    attachmentId: String(number),
    attachmentTitle: text(title ?? {}),
    fileName,
    mediaType: mediaTypeIn(mediaType) ?? mediaType,
    size: kilobytes(size),
    digest: { digestMethod: 'sha_256', digestValue: Buffer.from(sha256, 'hex').toString('base64url') },
    contentHref: `${href}/attachments/${number}/content`,
  };
}

/** An attachment in version 2. */
export const attachmentV2 = (attachment: Attachment, href: string) => ({
  ...attachmentFacts(attachment, href, textV2),
  mainContent: attachment.main,
  attachmentSigned: attachment.signed ?? false,
});

/** A fact of a message, the same in both versions. */
const businessDataView = ({ key, name = {}, description, values }: BusinessData, text: ShowText) => ({
  key,
  name: text(name),
  ...(description && { description: text(description) }),
  values: values.map(text),
});

/** What both versions call alike of a message. */
export function messageFacts({ message, placed }: Listed, text: ShowText) {
  const data = message.businessData.map((one) => businessDataView(one, text));
  return {
    messageId: message.id,
    ...(message.originalId !== undefined && { originalMessageId: message.originalId }),
    subject: text(message.subject),
    receiptDate: instant(placed.receivedAt),
    expirationDate: instant(placed.expiresAt),
    messageTypeId: message.messageType,
    ...(message.senderApplication !== '' && { senderApplicationId: message.senderApplication }),
    ...(message.payment && { paymentData: message.payment }),
    ...(data.length > 0 && { businessDataList: listed(data) }),
  };
}

/** A message in version 2; `base` is the address of the messages. */
export function messageV2(one: Listed, base: string) {
  const { message, placed } = one;
  const href = `${base}/${encodeURIComponent(message.id)}`;
  return {
    ...messageFacts(one, textV2),
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

/** Pictures of an application or organisation. */
export const imagesView = (images: readonly Image[], href: string) =>
  images.map(({ id, mediaType, language, bytes }) => ({
    imageId: id,
    size: kilobytes(bytes.length),
    mediaType,
    ...(language && { language }),
    contentHref: `${href}/images/${id}/content`,
  }));
