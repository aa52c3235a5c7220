import { der } from '../../../engine/core/der.ts';
import { extension, type ListToWrite, newKey } from '../../support/certificate-writer.ts';
import {
  AUTHORITY_USAGE,
  type Authority,
  labName,
  type PathInput,
  type PathLab,
  SIGNER_USAGE,
} from '../../support/path-lab.ts';
import type { PathCase } from './case.ts';

const SERIAL = Buffer.from('0f', 'hex');
const HEX = (text: string) => Buffer.from(text, 'hex');
const REVOKED = /^revoked on 2026-02-01/;

type Change = Partial<ListToWrite>;

/** A leaf with serial 0f under one CA; what is said of its list. */
function listed(
  test: string,
  expected: PathCase['expected'],
  change: Change | ((lab: PathLab, good: Authority) => Change),
  serial = SERIAL,
  opensslDiffers?: string,
): PathCase {
  return {
    test,
    expected,
    ...(opensslDiffers !== undefined && { opensslDiffers }),
    given(lab) {
      const good = lab.authority('Good CA');
      const spec = typeof change === 'function' ? change(lab, good) : change;
      return lab.path(lab.entity({ by: good, serial }), [good], {
        lists: [lab.list(), lab.list({ by: good, ...spec })],
      });
    },
  };
}

const revoking = (serial: Buffer = SERIAL, ...extensions: ReturnType<typeof extension.reason>[]) => ({
  revoked: [{ serial: HEX('01') }, { serial, extensions }, { serial: HEX('7f') }],
});

/** Certificates and lists are signed with separate keys of one CA, each certified by the anchor. */
function separate(
  test: string,
  expected: PathCase['expected'],
  change: { leaf?: Change; key?: Change } = {},
): PathCase {
  return {
    test,
    expected,
    given(lab) {
      const certifying = lab.authority('Separate CA', {
        extensions: [extension.basicConstraints(true), extension.keyUsage(0x04)],
      });
      const listing = lab.authority('Separate CA', { serial: HEX('1e'), extensions: [extension.keyUsage(0x02)] });
      return lab.path(lab.entity({ by: certifying, serial: SERIAL }), [certifying, listing], {
        lists: [lab.list(change.key), lab.list({ by: listing, ...change.leaf })],
      });
    },
  };
}

const LONG_SERIAL = HEX('7f0102030405060708090a0b0c0d0e0f10111213');

/** PKITS 4.4: basic certificate revocation. */
export const LISTS: readonly PathCase[] = [
  {
    test: '4.4.1 invalid missing CRL',
    expected: /there is no revocation list of its issuer/,
    given(lab) {
      const good = lab.authority('No CRL CA');
      return lab.path(lab.entity({ by: good }), [good], { lists: [lab.list()] });
    },
  },
  {
    test: '4.4.2 invalid revoked CA',
    expected: /certificate authority: revoked on/,
    given(lab) {
      const revoked = lab.authority('Revoked CA', { serial: SERIAL });
      return lab.path(lab.entity({ by: revoked }), [revoked], {
        lists: [lab.list(revoking()), lab.list({ by: revoked })],
      });
    },
  },
  listed('4.4.3 invalid revoked EE', REVOKED, revoking()),
  listed('4.4.4 invalid bad CRL signature', /its signature is not that of its issuer/, { damaged: true }),
  listed('4.4.5 invalid bad CRL issuer name', /no revocation list of its issuer/, {
    issuer: labName('Incorrect Name'),
  }),
  listed('4.4.6 invalid wrong CRL', /no revocation list of its issuer/, (lab) => ({
    issuer: lab.anchor.name,
    signer: lab.anchor.key,
  })),
  {
    test: '4.4.7 valid two CRLs',
    expected: 'good',
    given(lab) {
      const good = lab.authority('Good CA');
      const wrong = lab.list({ by: good, signer: newKey(), ...revoking() });
      return lab.path(lab.entity({ by: good, serial: SERIAL }), [good], {
        lists: [lab.list(), wrong, lab.list({ by: good })],
      });
    },
  },
  listed(
    '4.4.8 invalid unknown CRL entry extension',
    /an entry has a critical extension/,
    revoking(SERIAL, extension.unknown()),
  ),
  listed('4.4.9 invalid unknown CRL extension', /it has a critical extension/, {
    ...revoking(),
    extensions: [extension.unknown()],
  }),
  listed('4.4.10 invalid unknown CRL extension', /it has a critical extension/, { extensions: [extension.unknown()] }),
  listed('4.4.11 invalid old CRL nextUpdate', /it is stale/, {
    nextUpdate: { utc: '260501083000Z' },
    thisUpdate: { utc: '260401083000Z' },
  }),
  listed('4.4.12 invalid pre-2000 CRL nextUpdate', /it is stale.*1999/, {
    thisUpdate: { utc: '980101120100Z' },
    nextUpdate: { utc: '990101120100Z' },
  }),
  listed('4.4.13 valid GeneralizedTime CRL nextUpdate', 'good', { nextUpdate: { generalized: '20500101120100Z' } }),
  listed('4.4.14 valid negative serial number', 'good', revoking(HEX('ff')), HEX('00ff')),
  listed('4.4.15 invalid negative serial number', REVOKED, revoking(HEX('ff')), HEX('ff')),
  listed(
    '4.4.16 valid long serial number',
    'good',
    revoking(HEX('7f0102030405060708090a0b0c0d0e0f10111214')),
    LONG_SERIAL,
  ),
  listed(
    '4.4.17 valid long serial number, the beginning of another',
    'good',
    revoking(LONG_SERIAL),
    LONG_SERIAL.subarray(0, 19),
  ),
  listed('4.4.18 invalid long serial number', REVOKED, revoking(LONG_SERIAL), LONG_SERIAL),
  separate('4.4.19 valid separate certificate and CRL keys', 'good'),
  separate('4.4.20 invalid separate certificate and CRL keys', REVOKED, { leaf: revoking() }),
  separate('4.4.21 invalid separate certificate and CRL keys, the latter revoked', /its signer: revoked on/, {
    key: revoking(HEX('1e')),
  }),
];

type Key = 'old' | 'new';

/** A CA that went from an old key to a new one: its certificate is of one, it certified the other itself. */
function rollover(
  test: string,
  expected: PathCase['expected'],
  certified: Key,
  leafBy: Key,
  listBy: Key,
  change: Change = {},
): PathCase {
  return {
    test,
    expected,
    given(lab) {
      const own = lab.authority('Self-Issued CA');
      const other = lab.authority('Self-Issued CA', { by: own });
      const by = { [certified]: own, [certified === 'old' ? 'new' : 'old']: other } as Record<Key, Authority>;
      return lab.path(lab.entity({ by: by[leafBy], serial: SERIAL }), [own, other], {
        lists: [lab.list(), lab.list({ by: by[listBy], ...change })],
      });
    },
  };
}

const POINT = 'http://pki.example/crl-of-the-crl-key.crl';
const ofPoint = (url: string) => extension.issuingPoint(der(0xa0, der(0xa0, der(0x86, Buffer.from(url)))));

/** A CA certifies a key of its own for lists, and lists that one at a point of its own. */
function listingKey(
  test: string,
  expected: PathCase['expected'],
  change: Change = {},
  leafByListingKey = false,
  opensslDiffers?: string,
): PathCase {
  return {
    test,
    expected,
    ...(opensslDiffers !== undefined && { opensslDiffers }),
    given(lab) {
      const own = lab.authority('CRL Signing Key CA');
      const extensions = [extension.keyUsage(0x02), extension.points(POINT)];
      const listing = lab.authority('CRL Signing Key CA', { by: own, extensions });
      const leaf = lab.entity({ by: leafByListingKey ? listing : own, serial: SERIAL });
      const lists = [
        lab.list(),
        lab.list({ by: listing, ...change }),
        lab.list({ by: own, extensions: [ofPoint(POINT)] }),
      ];
      return lab.path(leaf, [own, listing], { lists });
    },
  };
}

/** PKITS 4.5: certificates that a CA issued to itself. */
export const SELF_ISSUED: readonly PathCase[] = [
  rollover('4.5.1 valid self-issued old with new', 'good', 'new', 'old', 'new'),
  rollover('4.5.2 invalid self-issued old with new', REVOKED, 'new', 'old', 'new', revoking()),
  rollover('4.5.3 valid self-issued new with old', 'good', 'old', 'new', 'old'),
  rollover('4.5.4 valid self-issued new with old, listed with the new', 'good', 'old', 'old', 'old'),
  rollover('4.5.5 invalid self-issued new with old', REVOKED, 'old', 'new', 'old', revoking()),
  listingKey('4.5.6 valid self-issued CRL signing key', 'good'),
  listingKey('4.5.7 invalid self-issued CRL signing key', REVOKED, revoking()),
  listingKey('4.5.8 invalid self-issued CRL signing key', /no certificate authority/, {}, true),
];

const flag = (tag: number) => der(tag, Buffer.from([0xff]));
const scoped = (test: string, expected: PathCase['expected'], change: Change, opensslDiffers?: string) =>
  listed(test, expected, change, SERIAL, opensslDiffers);

function withPoint(test: string, expected: PathCase['expected'], own: string, listPoint: string): PathCase {
  return {
    test,
    expected,
    given(lab) {
      const good = lab.authority('Good CA');
      const leaf = lab.entity({ by: good, extensions: [extension.keyUsage(SIGNER_USAGE), extension.points(own)] });
      return lab.path(leaf, [good], { lists: [lab.list(), lab.list({ by: good, extensions: [ofPoint(listPoint)] })] });
    },
  };
}

/** PKITS 4.14 and 4.15, as far as the engine goes: what it does not judge tells it nothing. */
export const SCOPES: readonly PathCase[] = [
  withPoint('4.14.1 valid distributionPoint', 'good', POINT, POINT),
  withPoint('4.14.2 invalid distributionPoint', /of another distribution point/, POINT, 'http://pki.example/other.crl'),
  scoped('4.14.4 invalid: a list of a point, and no point in the certificate', /of another distribution point/, {
    extensions: [ofPoint(POINT)],
  }),
  scoped('4.14.10 valid onlyContainsUserCerts', 'good', { extensions: [extension.issuingPoint(flag(0x81))] }),
  scoped('4.14.11 invalid onlyContainsCACerts', /about certificate authorities only/, {
    extensions: [extension.issuingPoint(flag(0x82))],
  }),
  scoped('4.14.14 invalid onlyContainsAttributeCerts', /about attribute certificates/, {
    extensions: [extension.issuingPoint(flag(0x85))],
  }),
  scoped('4.14.15 invalid onlySomeReasons, revoked', REVOKED, {
    ...revoking(SERIAL, extension.reason(1)),
    extensions: [extension.issuingPoint(der(0x83, Buffer.from([1, 0x60])))],
  }),
  scoped('4.14.17 invalid onlySomeReasons, not all of them covered', /tells some reasons only/, {
    extensions: [extension.issuingPoint(der(0x83, Buffer.from([1, 0x60])))],
  }),
  scoped(
    '4.14.24 indirect CRL',
    /it is an indirect list/,
    { extensions: [extension.issuingPoint(flag(0x84))] },
    'with -extended_crl it judges indirect lists; the engine refuses them',
  ),
  scoped('4.15.1 invalid delta CRL without its base', /it is a delta list/, { extensions: [extension.deltaOf(1)] }),
  listed('4.4 beyond: on hold', /^revoked on .*\(certificateHold\)/, revoking(SERIAL, extension.reason(6))),
  listed(
    '4.4 beyond: no nextUpdate',
    /does not say when the next one comes/,
    { nextUpdate: 'none' },
    SERIAL,
    'it takes a list without end; RFC 5280 §5.1.2.5 requires nextUpdate',
  ),
  listed('4.4 beyond: a list of tomorrow', /which is to come/, { thisUpdate: new Date('2026-06-02T00:00:00Z') }),
  {
    test: '4.4 beyond: the newest of two lists counts',
    expected: REVOKED,
    given(lab) {
      const good = lab.authority('Good CA');
      const newer = lab.list({ by: good, thisUpdate: new Date('2026-05-20T00:00:00Z'), ...revoking() });
      return lab.path(lab.entity({ by: good, serial: SERIAL }), [good], {
        lists: [lab.list(), lab.list({ by: good }), newer],
      });
    },
  },
  {
    test: '4.4 beyond: a list by a CA of the same name under another anchor',
    expected: /not that of its issuer|same trust anchor/,
    given(lab): PathInput {
      const good = lab.authority('Good CA');
      const name = labName('Other Anchor');
      const key = newKey();
      const stranger = lab.authority('Other Anchor', { by: { name, key, certificate: Buffer.alloc(0) }, key });
      const extensions = [extension.basicConstraints(true), extension.keyUsage(AUTHORITY_USAGE)];
      const twin = lab.authority('Good CA', { by: stranger, extensions });
      return lab.path(lab.entity({ by: good }), [good, stranger, twin], {
        lists: [lab.list(), lab.list({ by: twin })],
      });
    },
  },
];
