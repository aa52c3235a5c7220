import type { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSignedData } from '../../engine/intake/cms.ts';
import type { SignatureRequest } from '../../engine/intake/signature.ts';
import { verifySignature } from '../../engine/intake/signature.ts';
import { decodeSignature } from '../../engine/intake/signature-encoding.ts';
import { trustIn } from '../../engine/pki/trust.ts';
import { mutate, seededRandom } from '../support/cms-mutations.ts';
import { berFrom, treeOf } from '../support/cms-surgery.ts';
import { certificateAt, makeCertificate, makePki, signFile, temporaryDir } from '../support/pki.ts';
import { requestOf } from '../support/signature-request.ts';

/** How many mutations in all; the seed changes nothing but which. */
const MUTATIONS = Number(process.env['BODE_FUZZ_COUNT'] ?? 100_000);
const SEED = Number(process.env['BODE_FUZZ_SEED'] ?? 20_261_122);
/** No signature file of this size may take longer, whatever is in it. */
const SLOWEST_MS = 1_000;

/** A valid signature file, the request it is good for, and what it says. */
interface Original {
  readonly name: string;
  readonly file: Buffer;
  readonly request: SignatureRequest;
  readonly meaning: string;
}

describe(`${MUTATIONS} mutations of valid signature files`, function () {
  this.timeout(240_000);
  let originals: Original[];
  let remove: () => Promise<void>;

  before(async () => {
    const place = await temporaryDir();
    remove = place.remove;
    originals = await makeOriginals(place.dir);
  });
  after(() => remove());

  it('start from files that are valid', async () => {
    for (const { name, request } of originals) expect((await verifySignature(request)).verdict, name).to.equal('valid');
  });

  it('never crash, never hang, and are valid only where they still say exactly the same', async () => {
    const random = seededRandom(SEED);
    const files = originals.map(({ file }) => file);
    let valid = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const original = originals[i % originals.length]!;
      const file = mutate(original.file, random, files);
      const started = performance.now();
      const report = await verifySignature({ ...original.request, signature: file });
      expect(performance.now() - started).to.be.below(SLOWEST_MS);
      if (report.verdict === 'invalid') continue;
      valid++;
      const meaning = meaningOf(file, original.request.certificates[0]!);
      expect(meaning, `${original.name}, mutation ${i}`).to.equal(original.meaning);
    }
    // white space, length forms and unsigned parts do come by: none at all would mean that nothing was tried
    expect(valid / MUTATIONS).to.be.within(0.001, 0.2);
  });
});

/**
 * What a signature file says, apart from how it is written: how many signers, which signed attributes, which algorithms, which value,
 * and that no other certificate is put in the place of the registered one. What may differ: white space, length forms, unsigned parts.
 */
function meaningOf(file: Buffer, registered: X509Certificate): string {
  const signed = readSignedData(decodeSignature(file));
  const [signer] = signed.signers;
  return JSON.stringify({
    signers: signed.signers.length,
    attached: signed.attached,
    contentType: signed.contentType,
    registered: registered.fingerprint256,
    digest: signer?.digestAlgorithm.oid,
    attributes: signer?.attributes?.encoded.at(-1)?.toString('hex'),
    algorithm: signer?.signatureAlgorithm.oid,
    value: signer?.signature.toString('hex'),
  });
}

async function makeOriginals(dir: string): Promise<Original[]> {
  const pki = await makePki(join(dir, 'pki'));
  const ca = { cert: pki.ca, key: join(pki.dir, 'ca.key') };
  const ec = await makeCertificate(dir, { name: 'ec', key: 'ec:P-256', issuer: ca });
  const binary = ['-binary', '-outform', 'DER'];
  const made = [
    { name: 'RSA in DER', by: pki.sender, options: binary },
    { name: 'RSA without attributes', by: pki.sender, options: [...binary, '-noattr'] },
    { name: 'RSA-PSS', by: pki.sender, options: [...binary, '-keyopt', 'rsa_padding_mode:pss'] },
    { name: 'ECDSA in BER', by: ec, options: binary, encode: (signature: Buffer) => berFrom(treeOf(signature)) },
    { name: 'ECDSA without attributes', by: ec, options: [...binary, '-noattr', '-nocerts'] },
    { name: 'RSA in base64', by: pki.sender, options: [...binary, '-nocerts'], encode: base64Lines },
    { name: 'RSA in PEM', by: pki.sender, options: ['-binary', '-outform', 'PEM'] },
  ];
  const trust = trustIn([await certificateAt(pki.ca)]);
  return Promise.all(
    made.map(async ({ name, by, options, encode }, number) => {
      // each signs content of its own: what is spliced in from another must not fit
      const content = Buffer.from(`<DmfAOriginal>\n${number}\n</DmfAOriginal>\n`);
      const path = join(dir, `FI${number}`);
      await writeFile(path, content);
      const signature = await signFile(path, by, options);
      const file = encode?.(signature) ?? signature;
      const registered = await certificateAt(by.cert);
      const request = requestOf({ signature: file, content, certificates: [registered], trust });
      return { name, file, request, meaning: meaningOf(file, registered) };
    }),
  );
}

function base64Lines(signature: Buffer): Buffer {
  return Buffer.from((signature.toString('base64').match(/.{1,76}/g) ?? []).join('\n'));
}
