/** What a sender may be allowed at the e-Box interface, as the authority names it (protocol §2.2, security). */
export const EBOX_SCOPES = [
  'scope:document:management:consult:ws-eboxrestentreprise:publicationsender',
  'scope:document:management:consult:ws-eboxrestentreprise:eboxrepresentativepublication',
  'scope:document:management:consult:ws-eboxrestentreprise:summaryownebox',
  'scope:document:management:consult:ws-eboxrestentreprise:summaryallebox',
  'scope:document:management:consult:ws-eboxrestentreprise:messagesfull',
  'scope:document:management:consult:ws-eboxrestentreprise:referencedata',
  'scope:document:management:consult:ws-eboxrestentreprise:documentconsumer',
  'scope:documentmanagement:ebox:enterprise:federation-rest:registry',
  'scope:documentmanagement:ebox:enterprise:federation-rest:preference',
] as const;
export type EboxScope = (typeof EBOX_SCOPES)[number];
