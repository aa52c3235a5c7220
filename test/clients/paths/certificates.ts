import { extension, newKey, type StringType, writeName } from '../../support/certificate-writer.ts';
import type { PathLab } from '../../support/path-lab.ts';
import type { PathCase } from './case.ts';

const BAD_SIGNATURE = /not issued under a configured trust anchor/;

/** PKITS 4.1: signatures. */
export const SIGNATURES: readonly PathCase[] = [
  {
    test: '4.1.1 valid signatures',
    expected: 'good',
    given(lab) {
      const good = lab.authority('Good CA');
      return lab.path(lab.entity({ by: good }), [good]);
    },
  },
  {
    test: '4.1.1 valid signatures, RSA',
    expected: 'good',
    given(lab) {
      const good = lab.authority('Good CA', { key: newKey('rsa') });
      return lab.path(lab.entity({ by: good }), [good]);
    },
  },
  {
    test: '4.1.2 invalid CA signature',
    expected: BAD_SIGNATURE,
    given(lab) {
      const bad = lab.authority('Bad Signed CA', { damaged: true });
      return lab.path(lab.entity({ by: bad }), [bad]);
    },
  },
  {
    test: '4.1.3 invalid EE signature',
    expected: BAD_SIGNATURE,
    given(lab) {
      const good = lab.authority('Good CA');
      return lab.path(lab.entity({ by: good, damaged: true }), [good]);
    },
  },
  {
    test: '4.1.4 valid DSA signatures',
    expected: /passed over: a key of the kind dsa is not supported/,
    opensslDiffers: 'DSA is refused on purpose: FIPS 186-5 has taken it away',
    given(lab) {
      const dsa = lab.authority('DSA CA', { key: newKey('dsa') });
      return lab.path(lab.entity({ by: dsa }), [dsa], { lists: [lab.list(), lab.list({ by: dsa })] });
    },
  },
  {
    test: '4.1.5 a leaf with a DSA key',
    expected: /a key of the kind dsa is not supported/,
    opensslDiffers: 'DSA is refused on purpose',
    given(lab) {
      const good = lab.authority('Good CA');
      return lab.path(lab.entity({ by: good, key: newKey('dsa') }), [good]);
    },
  },
  {
    test: '4.1.6 invalid DSA signature',
    expected: /not issued under a configured trust anchor/,
    given(lab) {
      const dsa = lab.authority('DSA CA', { key: newKey('dsa') });
      return lab.path(lab.entity({ by: dsa, damaged: true }), [dsa]);
    },
  },
  {
    test: '4.1 beyond: signed with SHA-1',
    expected: /signed with sha1, which is not allowed/,
    opensslDiffers: 'it takes SHA-1 at its default security level of 1',
    given(lab) {
      const good = lab.authority('Good CA');
      return lab.path(lab.entity({ by: good, digest: 'sha1' }), [good]);
    },
  },
];

const dates = (
  number: string,
  expected: PathCase['expected'],
  who: 'CA' | 'EE',
  validity: object,
  opensslDiffers?: string,
): PathCase => ({
  test: `4.2.${number}`,
  expected,
  ...(opensslDiffers !== undefined && { opensslDiffers }),
  given(lab) {
    const good = lab.authority('Good CA', who === 'CA' ? validity : {});
    return lab.path(lab.entity({ by: good, ...(who === 'EE' ? validity : {}) }), [good]);
  },
});

/** PKITS 4.2: validity periods. */
export const VALIDITY: readonly PathCase[] = [
  dates('1 invalid CA notBefore date', /not valid before 2047/, 'CA', { from: { utc: '470101120100Z' } }),
  dates('2 invalid EE notBefore date', /not valid before 2047/, 'EE', { from: { utc: '470101120100Z' } }),
  dates('3 valid pre-2000 UTC notBefore date', 'good', 'EE', { from: { utc: '500101120100Z' } }),
  dates('4 valid GeneralizedTime notBefore date', 'good', 'EE', { from: { generalized: '20020101120100Z' } }),
  dates('5 invalid CA notAfter date', /expired on 2011/, 'CA', { until: { utc: '110101083000Z' } }),
  dates('6 invalid EE notAfter date', /expired on 2011/, 'EE', { until: { utc: '110101083000Z' } }),
  dates('7 invalid pre-2000 UTC EE notAfter date', /expired on 1999/, 'EE', {
    from: { utc: '970101120100Z' },
    until: { utc: '990101120100Z' },
  }),
  dates('8 valid GeneralizedTime notAfter date', 'good', 'EE', { until: { generalized: '20500101120100Z' } }),
  dates('beyond: no certain end (RFC 5280 §4.1.2.5)', 'good', 'EE', { until: { generalized: '99991231235959Z' } }),
];

const part = (text: string, as: StringType = 'printable') => ({ type: '2.5.4.3', text, as });
const organisation = { type: '2.5.4.10', text: 'Test Certificates', as: 'printable' as const };

/** An end entity whose issuer is written in another way than the subject of its CA. */
const chaining = (
  test: string,
  expected: PathCase['expected'],
  subject: Buffer,
  issuer: Buffer,
  opensslDiffers?: string,
): PathCase => ({
  test,
  expected,
  ...(opensslDiffers !== undefined && { opensslDiffers }),
  given(lab: PathLab) {
    const good = lab.authority('', { subject });
    return lab.path(lab.entity({ by: good, issuer }), [good]);
  },
});

const named = (...parts: Parameters<typeof writeName>[0]) => writeName(parts);
const GOOD_CA = named(organisation, part('Good CA'));

/** PKITS 4.3: name chaining (RFC 5280 §7.1). */
export const NAMES: readonly PathCase[] = [
  chaining('4.3.1 invalid name chaining', BAD_SIGNATURE, GOOD_CA, named(organisation, part('Good CA Root'))),
  chaining('4.3.2 invalid name chaining order', BAD_SIGNATURE, GOOD_CA, named(part('Good CA'), organisation)),
  chaining('4.3.3 valid name chaining whitespace', 'good', GOOD_CA, named(organisation, part('Good     CA'))),
  chaining('4.3.4 valid name chaining whitespace', 'good', GOOD_CA, named(organisation, part('   Good CA  '))),
  chaining('4.3.5 valid name chaining capitalization', 'good', GOOD_CA, named(organisation, part('GOOD CA'))),
  {
    test: '4.3.6 valid name chaining UIDs',
    expected: 'good',
    given(lab) {
      const good = lab.authority('UID CA', { uniqueIds: true });
      return lab.path(lab.entity({ by: good, uniqueIds: true }), [good]);
    },
  },
  chaining(
    '4.3.7 valid mandatory attribute types',
    'good',
    ...twice([
      { type: '0.9.2342.19200300.100.1.25', text: 'gov', as: 'ia5' },
      { type: '2.5.4.6', text: 'BE', as: 'printable' },
      { type: '2.5.4.46', text: 'CA', as: 'printable' },
      { type: '2.5.4.8', text: 'Brabant' },
      { type: '2.5.4.5', text: '345', as: 'printable' },
    ]),
  ),
  chaining(
    '4.3.8 valid optional attribute types',
    'good',
    ...twice([
      { type: '2.5.4.7', text: 'Brussel' },
      { type: '2.5.4.12', text: 'M.D.' },
      { type: '2.5.4.4', text: 'CA' },
      { type: '2.5.4.65', text: 'Fictitious' },
      { type: '2.5.4.44', text: 'III' },
    ]),
  ),
  chaining('4.3.9 valid UTF8String encoded names', 'good', ...twice([{ type: '2.5.4.3', text: 'Gemeente Überall' }])),
  chaining(
    '4.3.10 valid rollover from PrintableString to UTF8String',
    'good',
    GOOD_CA,
    named({ ...organisation, as: 'utf8' }, part('Good CA', 'utf8')),
  ),
  chaining(
    '4.3.11 valid UTF8String case insensitive match',
    'good',
    named(part('  test utf8  ca', 'utf8')),
    named(part('Test UTF8 CA', 'utf8')),
  ),
  chaining(
    '4.3 beyond: capitals outside of ASCII',
    'good',
    named(part('Gemeente Überall', 'utf8')),
    named(part('gemeente überall', 'utf8')),
    'it folds the case of ASCII letters only; RFC 5280 §7.1 folds all (RFC 4518 §2.2)',
  ),
  chaining('4.3 beyond: BMPString', 'good', named(part('Good CA', 'bmp')), named(part('Good CA', 'utf8'))),
  chaining(
    '4.3 beyond: another type of attribute',
    BAD_SIGNATURE,
    GOOD_CA,
    named(organisation, { ...part('Good CA'), type: '2.5.4.11' }),
  ),
  {
    test: '4.3 beyond: key identifiers that do not fit are hints only',
    expected: 'good',
    opensslDiffers: 'it passes over an issuer with another key identifier; RFC 5280 §4.2.1.1 says it helps to find one',
    given(lab) {
      const key = newKey();
      const good = lab.authority('Good CA', {
        key,
        extensions: [extension.basicConstraints(true), extension.keyUsage(0x06), extension.keyId(key.publicKey)],
      });
      const extensions = [extension.keyUsage(0xc0), extension.authorityKeyId(Buffer.alloc(20, 7))];
      return lab.path(lab.entity({ by: good, extensions }), [good]);
    },
  },
];

function twice(parts: Parameters<typeof writeName>[0]): [Buffer, Buffer] {
  return [writeName(parts), writeName(parts)];
}
