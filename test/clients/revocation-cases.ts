/** What `trust.revocation` says in a case; paths and URLs of what runs. */
export type Settings = Readonly<Record<string, unknown>>;

/** One thing that is said of one signer, or not, and what follows. */
export interface Case {
  readonly name: string;
  readonly signer: 'good' | 'taken' | 'strange';
  readonly settings: (world: World) => Settings;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly detail: RegExp;
}

/** What runs while the cases are judged: files and URLs. */
export interface World {
  readonly lists: Readonly<Record<'fresh' | 'stale' | 'wrong', string>>;
  readonly urls: Readonly<Record<'list' | 'staleList' | 'responder' | 'delegated' | 'stranger' | 'closed', string>>;
}

/** The detail of a good finding. */
export const NONE = /^$/;
const KEY = /^the certificate was revoked on .*keyCompromise/;

/** Good, revoked, unknown, away, stale and wrongly signed, by each way to hear of it. */
export const CASES: readonly Case[] = [
  {
    name: 'CRL file: good',
    signer: 'good',
    settings: ({ lists }) => ({ crls: [lists.fresh] }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'CRL file: revoked',
    signer: 'taken',
    settings: ({ lists }) => ({ crls: [lists.fresh] }),
    status: 'revoked',
    detail: KEY,
  },
  {
    name: 'CRL file: stale',
    signer: 'good',
    settings: ({ lists }) => ({ crls: [lists.stale] }),
    status: 'unknown',
    detail: /it is stale: the next one was due/,
  },
  {
    name: 'CRL file: wrong signer',
    signer: 'good',
    settings: ({ lists }) => ({ crls: [lists.wrong] }),
    status: 'unknown',
    detail: /not that of its issuer/,
  },
  {
    name: 'CRL by HTTP: good',
    signer: 'good',
    settings: ({ urls }) => ({ crlUrls: [urls.list] }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'CRL by HTTP: revoked',
    signer: 'taken',
    settings: ({ urls }) => ({ crlUrls: [urls.list] }),
    status: 'revoked',
    detail: KEY,
  },
  {
    name: 'CRL by HTTP: stale',
    signer: 'good',
    settings: ({ urls }) => ({ crlUrls: [urls.staleList] }),
    status: 'unknown',
    detail: /it is stale/,
  },
  {
    name: 'CRL by HTTP: server away',
    signer: 'good',
    settings: ({ urls }) => ({ crlUrls: [urls.closed] }),
    status: 'unknown',
    detail: /did not answer: ECONNREFUSED/,
  },
  {
    name: 'OCSP by the CA: good',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.responder }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'OCSP by the CA: revoked',
    signer: 'taken',
    settings: ({ urls }) => ({ ocspUrl: urls.responder }),
    status: 'revoked',
    detail: /^the certificate was revoked on/,
  },
  {
    name: 'OCSP by the CA: not known there',
    signer: 'strange',
    settings: ({ urls }) => ({ ocspUrl: urls.responder }),
    status: 'unknown',
    detail: /does not know the certificate/,
  },
  {
    name: 'OCSP with the nonce required: good',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.responder, nonce: 'required' }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'OCSP by a delegated responder: good',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.delegated }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'OCSP by a delegated responder: revoked',
    signer: 'taken',
    settings: ({ urls }) => ({ ocspUrl: urls.delegated }),
    status: 'revoked',
    detail: /revoked on/,
  },
  {
    name: 'OCSP: responder away',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.closed }),
    status: 'unknown',
    detail: /responder .*did not answer: ECONNREFUSED/,
  },
  {
    name: 'OCSP: wrong signer',
    signer: 'taken',
    settings: ({ urls }) => ({ ocspUrl: urls.stranger }),
    status: 'unknown',
    detail: /its signer is not certified for OCSP/,
  },
  {
    name: 'OCSP away, and a CRL that knows',
    signer: 'taken',
    settings: ({ urls, lists }) => ({ ocspUrl: urls.closed, crls: [lists.fresh] }),
    status: 'revoked',
    detail: KEY,
  },
  {
    name: 'nobody to ask',
    signer: 'good',
    settings: () => ({}),
    status: 'unknown',
    detail: /there is no revocation list of its issuer/,
  },
];
