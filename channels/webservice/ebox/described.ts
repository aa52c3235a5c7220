import { z } from 'zod';
import type { DescribedPart, Publication } from '../../../engine/mailboxes/publication.ts';

// how publications are described, in both versions: unknown keys and null are refused

const LONG = 20_000;
const text = z.string().max(LONG);

/** A text in one or more languages. */
export const Texts = z
  .strictObject({ nl: text, fr: text, de: text, en: text })
  .partial()
  .refine((texts) => Object.keys(texts).length > 0, { error: 'is empty' });

/** A mailbox as version 2 names it. */
export const EboxId = z.strictObject({
  eboxType: z.enum(['enterprise', 'citizen']),
  eboxIdValue: z.string().max(20),
});

const Digest = z.strictObject({ digestMethod: z.literal('sha_256'), digestValue: z.string().max(64) });

const BusinessDataIn = z.strictObject({
  key: z.string().max(40),
  name: Texts.optional(),
  description: Texts.optional(),
  values: z.array(Texts).max(100),
});

const Iban = z.string().regex(/^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$/, { error: 'is no IBAN' });

const Payment = z.strictObject({
  paymentDataId: z.string().max(100),
  amount: z.number(),
  vatAmount: z.number(),
  currency: z.string().regex(/^[A-Z]{3}$/, { error: 'is no currency of ISO 4217' }),
  dueDate: z.iso.datetime({ offset: true }),
  iban: Iban,
  bic: z.string().max(11).optional(),
  reference: z.record(z.string().max(100), z.unknown()).optional(),
});

const Id = z.string().max(40);
const MOST_PARTS = 6;

const COMMON = {
  originalMessageId: Id.optional(),
  subject: Texts,
  messageTypeId: Id.optional(),
  senderApplicationId: Id.optional(),
  expirationDate: z.iso.datetime({ offset: true }).optional(), // not looked at
  bodyContent: Texts.optional(),
  businessDataList: z.array(BusinessDataIn).max(50).prefault([]),
  paymentData: Payment.optional(),
};

const PART = {
  httpPartName: z.string().min(1).max(100),
  attachmentTitle: Texts.optional(),
  digest: Digest.optional(),
};

const partsOf = <T extends z.ZodType>(part: T) => z.array(part).max(MOST_PARTS).prefault([]);

/** A publication as version 2 describes it. */
export const PublicationV2 = z
  .strictObject({
    ...COMMON,
    recipient: EboxId,
    senderOrganizationId: z.string().max(10).optional(),
    forTheAttentionOf: z.strictObject({ id: text, type: text, name: text }).partial().optional(),
    registeredMail: z.boolean().prefault(false),
    bodyMainContent: z.boolean(),
    replyAuthorized: z.boolean(),
    attachments: partsOf(
      z.strictObject({ ...PART, mainContent: z.boolean(), attachmentSigned: z.boolean().prefault(false) }),
    ),
  })
  .transform((read): Publication => {
    const { recipient, senderOrganizationId, forTheAttentionOf: attention, attachments } = read;
    return {
      ...commonOf(read),
      recipient: { kind: recipient.eboxType, eboxId: recipient.eboxIdValue },
      ...(senderOrganizationId !== undefined && { senderOrganisation: senderOrganizationId }),
      ...(attention && { attention: given(attention) }),
      ...{ registered: read.registeredMail, bodyMain: read.bodyMainContent, replyAllowed: read.replyAuthorized },
      attachments: attachments.map((part) => partOf(part, part.mainContent, part.attachmentSigned)),
    };
  });

const PartyV3 = z
  .strictObject({
    eboxType: z.enum(['enterprise', 'citizen']),
    enterpriseNumber: z.string().max(20).optional(),
    ssin: z.string().max(20).optional(),
  })
  .refine(({ eboxType, enterpriseNumber, ssin }) => (eboxType === 'citizen' ? ssin : enterpriseNumber) !== undefined, {
    error: 'needs an enterpriseNumber, or a ssin for a citizen',
  });

/** A publication as version 3 describes it (protocol §2.2, v3 changes). */
export const PublicationV3 = z
  .strictObject({
    ...COMMON,
    recipient: PartyV3,
    sender: PartyV3.optional(),
    forTheAttentionOf: z.strictObject({ ssin: text, label: text }).partial().optional(),
    isRegisteredMail: z.boolean().prefault(false),
    isBodyMainContent: z.boolean().prefault(false),
    isReplyAuthorized: z.boolean().prefault(false),
    attachments: partsOf(
      z.strictObject({ ...PART, isMainContent: z.boolean(), isAttachmentSigned: z.boolean().prefault(false) }),
    ),
  })
  .transform((read): Publication => {
    const { recipient, sender, forTheAttentionOf, attachments } = read;
    const { ssin: id, label: name } = forTheAttentionOf ?? {};
    return {
      ...commonOf(read),
      recipient: addressOf(recipient),
      ...(sender?.enterpriseNumber !== undefined && { senderOrganisation: sender.enterpriseNumber }),
      ...(forTheAttentionOf && { attention: given({ id, name }) }),
      ...{ registered: read.isRegisteredMail, bodyMain: read.isBodyMainContent, replyAllowed: read.isReplyAuthorized },
      attachments: attachments.map((part) => partOf(part, part.isMainContent, part.isAttachmentSigned)),
    };
  });

function addressOf({ eboxType, enterpriseNumber, ssin }: z.output<typeof PartyV3>): Publication['recipient'] {
  return { kind: eboxType, eboxId: (eboxType === 'citizen' ? ssin : enterpriseNumber) ?? '' };
}

type CommonRead = z.output<z.ZodObject<typeof COMMON>>;

function commonOf(read: CommonRead) {
  const { messageTypeId, senderApplicationId, originalMessageId, bodyContent, paymentData, businessDataList } = read;
  return {
    subject: read.subject,
    businessData: businessDataList.map(({ name, description, ...data }) => ({
      ...data,
      ...(name && { name }),
      ...(description && { description }),
    })),
    ...(bodyContent && { body: bodyContent }),
    ...(messageTypeId !== undefined && { messageType: messageTypeId }),
    ...(senderApplicationId !== undefined && { senderApplication: senderApplicationId }),
    ...(originalMessageId !== undefined && { originalId: originalMessageId }),
    ...(paymentData && { payment: paymentData }),
  };
}

type PartRead = z.output<z.ZodObject<typeof PART>>;

function partOf({ httpPartName, attachmentTitle, digest }: PartRead, main: boolean, signed: boolean): DescribedPart {
  const title = attachmentTitle && { title: attachmentTitle };
  return { partName: httpPartName, main, signed, ...title, ...(digest && { digest: digest.digestValue }) };
}

/** Without what is not given. */
function given(texts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
