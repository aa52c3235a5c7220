import {
  ATTACHMENT_FACTS,
  BOOLEAN,
  BUSINESS_DATA,
  DIGEST,
  EBOX_ID,
  listOf,
  MESSAGE_FACTS,
  PAYMENT,
  STRING,
  TRANSLATED,
  WHEN,
} from './schemas.ts';

export const ATTACHMENT_V2 = {
  type: 'object',
  required: ['size', 'mainContent', 'mediaType', 'fileName'],
  properties: { ...ATTACHMENT_FACTS, mainContent: BOOLEAN, attachmentSigned: BOOLEAN },
} as const;

const ATTENTION = { type: 'object', properties: { id: STRING, type: STRING, name: STRING } } as const;

export const MESSAGE_V2 = {
  type: 'object',
  required: ['messageId', 'subject', 'receiptDate', 'expirationDate', 'readStatus', 'registeredMail', 'messageTypeId'],
  properties: {
    ...MESSAGE_FACTS,
    ...{ readStatus: BOOLEAN, visible: BOOLEAN, registeredMail: BOOLEAN, forTheAttentionOf: ATTENTION },
    ...{ senderOrganizationId: STRING, attachments: listOf(ATTACHMENT_V2), bodyMainContent: BOOLEAN },
    replyAuthorized: BOOLEAN,
  },
} as const;

const PART_V2 = {
  type: 'object',
  required: ['httpPartName', 'mainContent'],
  properties: {
    ...{ httpPartName: STRING, mainContent: BOOLEAN, attachmentTitle: TRANSLATED, digest: DIGEST },
    attachmentSigned: BOOLEAN,
  },
} as const;

const TO_PUBLISH_V2 = {
  type: 'object',
  required: ['recipient', 'subject', 'bodyMainContent', 'replyAuthorized'],
  properties: {
    ...{ recipient: EBOX_ID, forTheAttentionOf: ATTENTION, originalMessageId: STRING, subject: TRANSLATED },
    ...{ messageTypeId: STRING, senderOrganizationId: STRING, senderApplicationId: STRING, registeredMail: BOOLEAN },
    expirationDate: { ...WHEN, description: 'Not looked at: the message type says how long a message stays' },
    ...{ attachments: { type: 'array', items: PART_V2 }, bodyMainContent: BOOLEAN, bodyContent: TRANSLATED },
    ...{ businessDataList: { type: 'array', items: BUSINESS_DATA }, paymentData: PAYMENT, replyAuthorized: BOOLEAN },
  },
} as const;

const FILE = { type: 'string', format: 'binary' } as const;

/** A publication: its description, as JSON in a field or a file, and its attachments, in any order. */
export const publicationBody = (description: object) => ({
  type: 'object',
  required: ['messageToPublish'],
  properties: {
    messageToPublish: description,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((at) => [`upfile${at}`, FILE])),
  },
});

export const PUBLICATION_V2 = publicationBody(TO_PUBLISH_V2);

export const TO_UPDATE = listOf({
  type: 'object',
  required: ['messageId', 'visible'],
  properties: { messageId: STRING, visible: BOOLEAN },
});

export const TO_LINK = {
  type: 'object',
  required: ['messageId', 'recipients'],
  properties: { messageId: STRING, recipients: { type: 'array', maxItems: 10_000, items: EBOX_ID } },
} as const;

export const STATUS_REQUEST = {
  type: 'array',
  maxItems: 1_000,
  items: { type: 'object', properties: { messageId: STRING, eboxId: EBOX_ID } },
} as const;

export const STATUS_LIST = {
  description: 'Of those that there are',
  type: 'array',
  items: {
    type: 'object',
    required: ['messageId', 'eboxId', 'readStatus'],
    properties: { messageId: STRING, eboxId: EBOX_ID, expirationDate: WHEN, readStatus: BOOLEAN, visible: BOOLEAN },
  },
} as const;
