import type { EboxScope } from '../../../engine/registry/scopes.ts';

const EBOX = 'scope:document:management:consult:ws-eboxrestentreprise';
const FEDERATION = 'scope:documentmanagement:ebox:enterprise:federation-rest';

/** What people may do who have signed in; what they see is decided by their rights. */
export const SCOPES_OF_PEOPLE: readonly EboxScope[] = [
  `${EBOX}:summaryownebox`,
  `${EBOX}:messagesfull`,
  `${FEDERATION}:preference`,
];

/** What each part of the interface asks of a token; one of several is enough. */
export const NEEDS = {
  publish: [`${EBOX}:publicationsender`, `${EBOX}:eboxrepresentativepublication`],
  representative: [`${EBOX}:eboxrepresentativepublication`],
  /** Who may publish may answer too. */
  publishOrReply: [`${EBOX}:messagesfull`, `${EBOX}:publicationsender`, `${EBOX}:eboxrepresentativepublication`],
  summary: [`${EBOX}:summaryownebox`, `${EBOX}:summaryallebox`, `${EBOX}:messagesfull`],
  allSummaries: [`${EBOX}:summaryallebox`],
  messages: [`${EBOX}:messagesfull`],
  reply: [`${EBOX}:messagesfull`, `${EBOX}:publicationsender`],
  referenceData: [`${EBOX}:referencedata`, `${EBOX}:messagesfull`, `${EBOX}:publicationsender`],
  events: [`${EBOX}:documentconsumer`],
  tellEvents: [`${EBOX}:publicationsender`],
  preferences: [`${FEDERATION}:preference`],
  providers: [`${FEDERATION}:registry`],
} as const satisfies Record<string, readonly EboxScope[]>;
