import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../engine/core/logger.ts';
import { verifySignature } from '../../engine/intake/signature.ts';
import { parseCertificate } from '../../engine/pki/certificate.ts';
import { trustIn } from '../../engine/pki/trust.ts';
import { warnOfExpiry } from '../../engine/registry/certificate-expiry.ts';
import {
  addCertificate,
  certificatesInForce,
  endCertificate,
  pageOfCertificates,
} from '../../engine/registry/certificates.ts';
import { judgeForRegistration, judgeForSigning } from '../../engine/registry/judge-certificate.ts';
import { type Notice, tellNotices } from '../../engine/registry/notices.ts';
import { saveOrganisation } from '../../engine/registry/organisations.ts';
import { addQuality } from '../../engine/registry/qualities.ts';
import { saveSender } from '../../engine/registry/senders.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { aSender } from '../support/builders.ts';
import { asPem, extension, type KeyPair, newKey, writeCertificate } from '../support/certificate-writer.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { labName, openPathLab, SIGNER_USAGE } from '../support/path-lab.ts';
import { signFile } from '../support/pki.ts';
import { requestOf } from '../support/signature-request.ts';

const BY = { by: 'operator', now: new Date('2026-01-01T00:00:00Z') };
const DAY_MS = 86_400_000;
const at = (text: string) => new Date(text.length === 10 ? `${text}T12:00:00Z` : text);

for (const kind of STORES) contract(kind);

/** What the registry promises of senders' certificates, whatever the store. */
function contract(kind: StoreKind): void {
  describe(`certificates contract: ${kind}`, () => {
    const lab = openPathLab();
    const trust = trustIn([new X509Certificate(lab.anchor.certificate)]);
    let db: Db;
    let dir: string;
    let close: () => Promise<void>;

    beforeEach(async () => {
      const store = await openTestStore(kind);
      ({ db } = store);
      dir = await mkdtemp(join(tmpdir(), 'bode-certificates-'));
      close = async () => {
        await store.close();
        await rm(dir, { recursive: true, force: true });
      };
      const organisation = { enterpriseNumber: '0206731645', names: { nl: 'Voorbeeld' }, language: 'nl' } as const;
      await saveOrganisation(db, { ...organisation, mailboxType: 'enterprise', email: 'manager@example.be' });
      await addQuality(db, '0206731645', 'employer');
      for (const number of ['123456', '123457']) await saveSender(db, aSender({ number, login: number }));
    });
    afterEach(() => close());

    /** A certificate for a sender, with its key; valid between two days. */
    function signer(from: string, until: string, key: KeyPair = newKey()) {
      const validity = { from: new Date(`${from}T00:00:00Z`), until: new Date(`${until}T00:00:00Z`) };
      const der = lab.entity({ key, subject: labName(`signer until ${until}`), ...validity });
      return { certificate: parseCertificate(der), key };
    }

    const register = ({ certificate }: ReturnType<typeof signer>, window = {}) =>
      inTransaction(db, (tx) => addCertificate(tx, '123456', certificate, window, BY));

    /** The verdict on what a certificate signs, received at a moment. */
    async function verdictAt(now: Date, { certificate, key }: ReturnType<typeof signer>): Promise<string> {
      const [cert, keyPath, file] = ['cert.pem', 'key.pem', 'content'].map((name) => join(dir, name)) as [
        string,
        string,
        string,
      ];
      await writeFile(cert, asPem('CERTIFICATE', certificate.raw));
      await writeFile(keyPath, key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await writeFile(file, 'content');
      const signature = await signFile(file, { cert, key: keyPath });
      const certificates = (await certificatesInForce(db, '123456', now)).map((pem) => new X509Certificate(pem));
      const report = await verifySignature(
        requestOf({ signature, content: Buffer.from('content'), certificates, trust, now }),
      );
      return report.code ?? report.verdict;
    }

    it('takes the old and the new certificate in their overlap, the old one only before and the new one only after', async () => {
      const [old, fresh] = [signer('2026-01-01', '2026-06-30'), signer('2026-06-01', '2027-06-30')];
      for (const each of [old, fresh]) await register(each);
      const verdicts = async (day: string) => [await verdictAt(at(day), old), await verdictAt(at(day), fresh)];
      expect(await verdicts('2026-05-31')).to.deep.equal(['valid', '125']);
      expect(await verdicts('2026-06-15')).to.deep.equal(['valid', 'valid']);
      expect(await verdicts('2026-07-01')).to.deep.equal(['125', 'valid']);
    });

    it('takes a certificate that is still valid until it was ended (153)', async () => {
      const [old, fresh] = [signer('2026-01-01', '2027-01-01'), signer('2026-01-01', '2027-01-01')];
      await register(old);
      await register(fresh, { since: at('2026-06-01T00:00:00Z') });
      const { fingerprint } = (await pageOfCertificates(db, { limit: 9 })).find(({ since }) => !since)!;
      await inTransaction(db, (tx) => endCertificate(tx, '123456', fingerprint, at('2026-07-01T00:00:00Z'), BY));
      const verdicts = async (day: string) => [await verdictAt(at(day), old), await verdictAt(at(day), fresh)];
      expect(await verdicts('2026-05-31')).to.deep.equal(['valid', '153']);
      expect(await verdicts('2026-06-30')).to.deep.equal(['valid', 'valid']);
      expect(await verdicts('2026-07-01')).to.deep.equal(['153', 'valid']);
      const outcomes = await db('audit').where({ what: 'certificate changed' }).orderBy('id').pluck('outcome');
      expect(outcomes).to.deep.equal(['added', 'added', 'ended']);
    });

    it('warns 60, 30 and 7 days before the end, once each, however often it looks', async () => {
      const end = at('2026-12-31T00:00:00Z');
      await register(signer('2026-01-01', '2026-12-31'));
      const given: [number, number][] = [];
      for (let left = 90; left >= -3; left--) {
        const now = new Date(end.getTime() - left * DAY_MS);
        const both = await Promise.all([
          warnOfExpiry(db, now, () => undefined),
          warnOfExpiry(db, now, () => undefined),
        ]);
        given.push(...both.flat().map(({ days }): [number, number] => [days, left]));
      }
      expect(given).to.deep.equal([
        [60, 60],
        [30, 30],
        [7, 7],
      ]);
      const lines = await db('audit').where({ what: 'certificate expires' }).orderBy('id');
      expect(lines.map(({ who, outcome }) => `${who}: ${outcome}`)).to.deep.equal(
        [60, 30, 7].map((days) => `engine: within ${days} days`),
      );
    });

    it('gives a warning that was missed only when no later one is due', async () => {
      await register(signer('2026-01-01', '2026-12-31'));
      const warn = async (day: string) => (await warnOfExpiry(db, at(day), () => undefined)).map(({ days }) => days);
      expect(await warn('2026-12-10')).to.deep.equal([30]);
      expect(await warn('2026-12-11')).to.deep.equal([]);
      expect(await warn('2026-12-30')).to.deep.equal([7]);
    });

    it('tells each warning to the address of its organisation once; what fails is told again, three times in all', async () => {
      await register(signer('2026-01-01', '2026-12-31'));
      await warnOfExpiry(db, at('2026-12-28'), () => undefined);
      const told: Notice[] = [];
      const deps = { db, clock: () => at('2026-12-28'), log: silentLogger(), proceed: () => undefined };
      const away = async () => Promise.reject(new Error('away'));
      const take = async (notice: Notice) => void told.push(notice);
      expect(await tellNotices(deps, away)).to.equal(0);
      expect([await tellNotices(deps, take), await tellNotices(deps, take)]).to.deep.equal([1, 0]);
      expect(told.map(({ kind: about, address, organisation }) => [about, address, organisation])).to.deep.equal([
        ['certificate expires', 'manager@example.be', '0206731645'],
      ]);
      expect(told[0]?.subject).to.match(
        /^The certificate [0-9A-F]+ of sender 123456 ends on 2026-12-31: register the next one$/,
      );
      await register(signer('2026-01-01', '2026-12-30'));
      await warnOfExpiry(db, at('2026-12-28'), () => undefined);
      for (let turn = 0; turn < 3; turn++) await tellNotices(deps, away);
      expect(await tellNotices(deps, take)).to.equal(0);
    });
  });
}

describe('judgeForSigning', () => {
  const lab = openPathLab();
  const trust = trustIn([new X509Certificate(lab.anchor.certificate)]);
  const now = at('2026-06-01');
  const kinds = (der: Buffer, others: readonly string[] = []) =>
    judgeForSigning(parseCertificate(der), trust, now, others).map(({ kind }) => kind);
  const usage = (bits: number) => ({ extensions: [extension.keyUsage(bits)] });

  it('finds nothing wrong with a certificate that can sign', () => {
    expect(kinds(lab.entity())).to.deep.equal([]);
  });

  it('names each reason why one could not', () => {
    const own = newKey();
    const alone = writeCertificate({
      subject: labName('alone'),
      issuer: labName('alone'),
      key: own.publicKey,
      signer: own,
    });
    expect(kinds(alone)).to.deep.equal(['chain']);
    expect(kinds(lab.entity({ until: at('2026-05-01') }))).to.deep.equal(['validity']);
    expect(kinds(lab.entity({ from: at('2026-07-01') }))).to.deep.equal(['validity']);
    expect(kinds(lab.entity({ key: newKey('dsa') }))).to.deep.equal(['key']);
    expect(kinds(lab.entity(usage(0x20)))).to.deep.equal(['usage']);
    expect(kinds(lab.authority('CA').certificate)).to.deep.equal(['usage']);
    expect(kinds(lab.entity(), ['123457'])).to.deep.equal(['registered elsewhere']);
  });

  it('names all of them at once', () => {
    const extensions = [extension.keyUsage(0x20)];
    const key = newKey('dsa');
    const der = lab.entity({ key, extensions, until: at('2026-05-01') });
    expect(kinds(der, ['123457'])).to.deep.equal(['validity', 'key', 'usage', 'registered elsewhere']);
  });

  it('takes one for registration that is not valid yet', () => {
    const der = lab.entity({ from: at('2026-07-01'), extensions: [extension.keyUsage(SIGNER_USAGE)] });
    expect(judgeForRegistration(parseCertificate(der), trust, now, [])).to.deep.equal([]);
  });
});
