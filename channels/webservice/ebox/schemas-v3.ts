import {
  ATTACHMENT_FACTS,
  BOOLEAN,
  BUSINESS_DATA,
  DIGEST,
  INTEGER,
  listOf,
  MESSAGE_FACTS,
  ON_BEHALF,
  PAYMENT,
  STRING,
  TRANSLATED,
  WHEN,
} from './schemas.ts';
import { publicationBody } from './schemas-v2.ts';

export const ATTACHMENT_V3 = {
  type: 'object',
  required: ['size', 'isMainContent', 'mediaType', 'fileName'],
  properties: { ...ATTACHMENT_FACTS, isMainContent: BOOLEAN, isAttachmentSigned: BOOLEAN },
} as const;

const ATTENTION = { type: 'object', properties: { ssin: STRING, label: STRING } } as const;

const PARTY = {
  type: 'object',
  required: ['eboxType'],
  properties: { eboxType: { type: 'string', enum: ['enterprise', 'citizen'] }, enterpriseNumber: STRING, ssin: STRING },
} as const;

export const MESSAGE_V3 = {
  type: 'object',
  required: [
    'messageId',
    'subject',
    'receiptDate',
    'expirationDate',
    'readStatus',
    'isRegisteredMail',
    'messageTypeId',
  ],
  properties: {
    ...MESSAGE_FACTS,
    ...{ readStatus: BOOLEAN, visible: BOOLEAN, partition: STRING, isRegisteredMail: BOOLEAN },
    ...{ forTheAttentionOf: ATTENTION, sender: PARTY, attachments: listOf(ATTACHMENT_V3), isBodyMainContent: BOOLEAN },
    isReplyAuthorized: BOOLEAN,
  },
} as const;

const PART_V3 = {
  type: 'object',
  required: ['httpPartName', 'isMainContent'],
  properties: {
    ...{ httpPartName: STRING, isMainContent: BOOLEAN, attachmentTitle: TRANSLATED, digest: DIGEST },
    isAttachmentSigned: BOOLEAN,
  },
} as const;

/** A publication in version 3. */
export const PUBLICATION_V3 = publicationBody({
  type: 'object',
  required: ['recipient', 'subject'],
  properties: {
    ...{
      recipient: PARTY,
      sender: PARTY,
      forTheAttentionOf: ATTENTION,
      originalMessageId: STRING,
      subject: TRANSLATED,
    },
    ...{ messageTypeId: STRING, senderApplicationId: STRING, isRegisteredMail: BOOLEAN, bodyContent: TRANSLATED },
    expirationDate: { ...WHEN, description: 'Not looked at: the message type says how long a message stays' },
    ...{ isBodyMainContent: BOOLEAN, isReplyAuthorized: BOOLEAN, attachments: { type: 'array', items: PART_V3 } },
    ...{ businessDataList: { type: 'array', items: BUSINESS_DATA }, paymentData: PAYMENT },
  },
});

export const IDEMPOTENT = {
  type: 'object',
  properties: {
    ...ON_BEHALF.properties,
    'idempotency-key': { type: 'string', maxLength: 255, description: 'Names this publication: the same again is 409' },
  },
} as const;

export const ZIP_QUERY = {
  type: 'object',
  additionalProperties: false,
  required: ['messageId'],
  properties: {
    messageId: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: { type: 'string', maxLength: 40 },
      description: 'Again for each message',
    },
  },
} as const;

export const ZIP = {
  description: 'A ZIP with a folder for each message; its names are unique, and none leads elsewhere',
  content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
} as const;

export const STATISTICS = {
  description: 'How many messages there are, by type',
  type: 'object',
  properties: {
    ...{ numberOfMessages: INTEGER, numberOfUnreadMessages: INTEGER },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { messageTypeId: STRING, numberOfMessages: INTEGER, numberOfUnreadMessages: INTEGER },
      },
    },
  },
} as const;
