/** Parts of the descriptions of the e-Box interfaces; what only one version has is in its own file. */

const string = { type: 'string' } as const;
const WHEN = { type: 'string', format: 'date-time' } as const;
const boolean = { type: 'boolean' } as const;
const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;

/** Several of a schema, and how many there are. */
export const listOf = (items: object) => ({
  type: 'object',
  properties: { items: { type: 'array', items }, totalItems: integer },
});

export const TRANSLATED = {
  type: 'object',
  description: 'A text in one or more languages',
  properties: { nl: string, fr: string, de: string, en: string },
} as const;

export const STATUS_MESSAGE = {
  type: 'object',
  required: ['id', 'code', 'message'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    code: string,
    message: string,
    contact: string,
    environment: string,
  },
} as const;

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'No access token, or one that is not good',
  403: 'The access token does not allow this',
  404: 'There is no such thing, for this caller',
  409: 'Done before',
  413: 'Larger than is allowed',
  416: 'No such part of the content',
  429: 'Too many requests',
  503: 'Not now: try again later',
};

/** The errors that a route may answer with. */
export const statusResponses = (...statuses: readonly number[]) =>
  Object.fromEntries(
    [400, 401, 403, 404, 429, 503, ...statuses].map((status) => [
      status,
      { description: STATUS_TEXTS[status], ...STATUS_MESSAGE },
    ]),
  );

export const PAGE_QUERY = {
  page: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1, description: 'From 1' },
  pageSize: { type: 'integer', minimum: 1, maximum: 100, default: 25 },
} as const;

const DATE = (description: string) => ({ type: 'string', format: 'date', description });
const ID = { type: 'string', maxLength: 40 } as const;

/** How lists of messages are filtered. */
export const LIST_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...PAGE_QUERY,
    receivedBefore: DATE('Received before this day began, in Belgium'),
    receivedAfter: DATE('Received since this day began, in Belgium'),
    expiredBefore: DATE('Expire before this day begins, in Belgium'),
    expiredAfter: DATE('Expire after this day has begun, in Belgium'),
    readStatus: boolean,
    visible: boolean,
    messageTypeId: ID,
    senderOrganizationId: ID,
    senderApplicationId: ID,
    registeredMail: boolean,
    q: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'Part of what is searched for, whatever its case and accents',
    },
    qlang: { type: 'string', enum: ['nl', 'fr', 'de', 'en'], description: 'Language to search in; needed with q' },
  },
} as const;

export const ON_BEHALF = {
  type: 'object',
  properties: {
    'on-behalf-of-enterprise-number': {
      type: 'string',
      description: 'The organisation that the request is for; its mandate is asked for',
    },
  },
} as const;

/** Parameters of a path, all of them short texts. */
export const params = (...names: readonly string[]) => ({
  type: 'object',
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string', minLength: 1, maxLength: 100 }])),
});

export const EBOX_ID = {
  type: 'object',
  required: ['eboxType', 'eboxIdValue'],
  properties: { eboxType: { type: 'string', enum: ['enterprise', 'citizen'] }, eboxIdValue: string },
} as const;

export const DIGEST = {
  type: 'object',
  required: ['digestMethod', 'digestValue'],
  properties: {
    digestMethod: { type: 'string', enum: ['sha_256'] },
    digestValue: { type: 'string', description: 'base64url' },
  },
} as const;

export const BUSINESS_DATA = {
  type: 'object',
  required: ['key', 'values'],
  properties: { key: string, name: TRANSLATED, description: TRANSLATED, values: { type: 'array', items: TRANSLATED } },
} as const;

export const PAYMENT = {
  type: 'object',
  required: ['paymentDataId', 'amount', 'vatAmount', 'currency', 'dueDate', 'iban'],
  properties: {
    ...{ paymentDataId: string, amount: number, vatAmount: number, currency: string, dueDate: WHEN, iban: string },
    ...{ bic: string, reference: { type: 'object', additionalProperties: true } },
  },
} as const;

/** What all versions call alike of an attachment. */
export const ATTACHMENT_FACTS = {
  attachmentId: string,
  attachmentTitle: TRANSLATED,
  fileName: string,
  mediaType: string,
  size: { type: 'number', description: 'kB of 1,024 bytes' },
  digest: DIGEST,
  contentHref: { type: 'string', format: 'uri' },
} as const;

/** What all versions call alike of a message. */
export const MESSAGE_FACTS = {
  messageId: string,
  originalMessageId: string,
  subject: TRANSLATED,
  receiptDate: WHEN,
  expirationDate: WHEN,
  messageTypeId: string,
  senderApplicationId: string,
  paymentData: PAYMENT,
  businessDataList: listOf(BUSINESS_DATA),
} as const;

export const SUMMARY = {
  type: 'object',
  required: ['numberOfMessages'],
  properties: {
    ...{
      numberOfMessages: integer,
      numberOfUnreadMessages: integer,
      lastReceiptDate: WHEN,
      lastConsultationDate: WHEN,
    },
    eboxSize: { type: 'number', description: 'kB of 1,024 bytes' },
  },
} as const;

export const PUBLISHED = {
  description: 'Published. NO_DIGITAL_USER: nobody opened the mailbox yet, so it may be wise to send a letter too',
  type: 'object',
  required: ['messageId', 'expirationDate'],
  properties: { messageId: string, expirationDate: WHEN, code: string, message: string },
} as const;

export const LINK_RESPONSE = {
  description: 'Done; errorCases are the recipients that there are not',
  type: 'object',
  properties: {
    ...{ messageId: string, expirationDate: WHEN, nbSuccessLinks: integer },
    errorCases: { type: 'array', items: EBOX_ID },
  },
} as const;

/** Content as bytes. */
export const BYTES = {
  description: 'The content',
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
} as const;

const IMAGE = {
  type: 'object',
  required: ['imageId', 'size', 'mediaType', 'contentHref'],
  properties: {
    imageId: string,
    size: number,
    mediaType: string,
    language: string,
    contentHref: { type: 'string', format: 'uri' },
  },
} as const;

const IDS = { type: 'array', items: string } as const;

export const MESSAGE_TYPE = {
  type: 'object',
  required: ['messageTypeId', 'messageTypeName'],
  properties: {
    messageTypeId: string,
    messageTypeName: TRANSLATED,
    messageTypeDescription: TRANSLATED,
    validityPeriod: {
      type: 'object',
      required: ['validityPeriodNumber', 'validityPeriodUnit'],
      properties: {
        validityPeriodNumber: integer,
        validityPeriodUnit: { type: 'string', enum: ['day', 'month', 'year'] },
      },
    },
    senderOrganizationIds: IDS,
    senderApplicationIds: IDS,
  },
} as const;

export const SENDER_APPLICATION = {
  type: 'object',
  required: ['applicationId', 'applicationName'],
  properties: {
    ...{ applicationId: string, applicationName: TRANSLATED, applicationDescription: TRANSLATED },
    ...{ applicationLogos: { type: 'array', items: IMAGE }, applicationUrl: TRANSLATED },
    ...{ senderOrganizationIds: IDS, messageTypeIds: IDS, contactBusiness: string, contactTechnical: string },
  },
} as const;

export const SENDER_ORGANIZATION = {
  type: 'object',
  required: ['organizationId', 'organizationShortName'],
  properties: {
    ...{ organizationId: string, organizationShortName: TRANSLATED, organizationLongName: TRANSLATED },
    ...{ organizationLogos: { type: 'array', items: IMAGE }, organizationUrl: TRANSLATED },
    ...{ senderApplicationIds: IDS, messageTypeIds: IDS, contactBusiness: string, contactTechnical: string },
  },
} as const;

export { boolean as BOOLEAN, integer as INTEGER, string as STRING, WHEN };
