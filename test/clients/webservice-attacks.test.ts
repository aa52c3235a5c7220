import { createHmac, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { SIGNER } from '../support/pki.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { CLIENT, type WebAnswer, type WebClient, webClient } from '../support/web.ts';

const LIMITS = { requestsPerMinute: 300, authTimeout: '2s', clientCertificates: true };
const EVERYBODY = { logins: { allow: ['127.0.0.1/32'] } }; // so that one attack does not ban the next

describe('attacks on the web service', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let client: TestClient;
  let web: WebClient;
  let port: number;

  before(async () => {
    port = await freePort();
    const senders = [
      { channels: ['sftp', 'webservice'], certificates: ['pki/sender.pem', 'pki/old.pem', 'pki/curve.pem'] },
      { number: '222222', login: 'other', channels: ['webservice'], certificates: ['pki/other-sender.pem'] },
      { number: '333333', login: 'third', channels: ['sftp'], certificates: ['pki/third.pem'] },
    ];
    engine = await startEngine({
      webservice: { port, ...LIMITS },
      senders,
      config: EVERYBODY,
      certificates: [
        { name: 'old', from: '20200101000000Z', until: '20210101000000Z', extensions: SIGNER },
        { name: 'curve', key: 'ec:P-256', extensions: SIGNER },
        { name: 'third', extensions: SIGNER },
      ],
    });
    client = await openClient(engine);
    web = webClient(port, client.dir, engine.pki.sender.key);
  });
  after(() => engine.stop());

  const keyOf = (name: string) => join(engine.pki.dir, `${name}.key`);
  const json = ({ body }: WebAnswer) => JSON.parse(body);

  async function refused(assertion: string): Promise<void> {
    const answer = await web.askToken(assertion);
    expect([answer.status, json(answer)]).to.deep.equal([
      401,
      { error: 'invalid_client', error_description: 'the assertion is not accepted' },
    ]);
  }

  describe('by assertions:', () => {
    it('every algorithm that the key allows is taken', async () => {
      for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
        expect((await web.askToken(await web.assertion({ header: { alg } }))).status, alg).to.equal(200);
      }
      expect((await web.askToken(await web.assertion({ header: { alg: 'ES256' } }, keyOf('curve')))).status).to.equal(
        200,
      );
    });

    it('one that was used before is refused, in any process', async () => {
      const assertion = await web.assertion();
      expect((await web.askToken(assertion)).status).to.equal(200);
      await refused(assertion);
      expect(await engine.db('used_assertions').where({ client: CLIENT })).to.not.deep.equal([]);
    });

    it('one for another audience, or for nobody, is refused', async () => {
      for (const aud of [
        `${web.url}/REST/oauth/v5/token/`,
        'https://services.socialsecurity.be/REST/oauth/v5/token',
        undefined,
      ]) {
        await refused(await web.assertion({ claims: { aud } }));
      }
    });

    it('one that is expired, not yet good, too long good or without its times is refused', async () => {
      const now = Math.floor(Date.now() / 1_000);
      for (const claims of [
        { iat: now - 200, exp: now - 100 },
        { nbf: now + 300 },
        { iat: now + 300, exp: now + 400 },
        { exp: now + 100_000 },
        { exp: undefined },
        { iat: undefined },
        { jti: undefined },
        { jti: '' },
      ]) {
        await refused(await web.assertion({ claims }));
      }
    });

    it('one that names somebody else, or nobody, is refused as if nobody had that name', async () => {
      for (const name of [
        'self_service_chaman_222222_x',
        'self_service_chaman_999999',
        'self_service_chaman_333333',
        'x',
        `${CLIENT}\r\nX: y`,
      ]) {
        await refused(await web.assertion({ claims: { iss: name, sub: name } }));
      }
      await refused(await web.assertion({ claims: { sub: 'self_service_chaman_222222' } }));
      await refused(
        await web.assertion(
          { claims: { iss: 'self_service_chaman_333333', sub: 'self_service_chaman_333333' } },
          keyOf('third'),
        ),
      );
    });

    it('one of a foreign or an expired certificate is refused', async () => {
      await refused(await web.assertion({}, engine.pki.otherSender.key));
      await refused(await web.assertion({}, keyOf('old')));
    });

    it('one without signature, or signed with the public key as a secret, is refused', async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const [, claims] = (await web.assertion()).split('.');
      await refused(`${part({ alg: 'none' })}.${claims}.`);
      await refused(`${part({ alg: 'None' })}.${claims}.`);
      const cert = new X509Certificate(await readFile(engine.pki.sender.cert));
      for (const secret of [cert.publicKey.export({ type: 'spki', format: 'pem' }), cert.toString(), cert.raw]) {
        const signed = `${part({ alg: 'HS256' })}.${claims}`;
        await refused(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`);
      }
    });

    it('a key that the assertion brings along is not looked at', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      await writeFile(keyOf('own'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
      for (const header of [
        { jwk },
        { jku: 'http://127.0.0.1:1/' },
        { x5u: 'http://127.0.0.1:1/' },
        { kid: '../../dev/null' },
      ]) {
        await refused(await web.assertion({ header: { alg: 'RS256', ...header } as never }, keyOf('own')));
      }
      await refused(await web.assertion({ header: { alg: 'RS256', crit: ['b64'], b64: true } as never }, keyOf('own')));
    });

    it('nonsense, a bomb of JSON and a form that is too large are refused in a moment', async () => {
      const deep = Buffer.from('['.repeat(2_500)).toString('base64url');
      const [, claims] = (await web.assertion()).split('.');
      for (const text of [
        `a~.${claims}.x`,
        `e30.${claims}.x`,
        '',
        'x',
        '..',
        'a.b.c',
        `${deep}.${deep}.x`,
        `e30.${deep}.x`,
      ])
        await refused(text);
      await writeFile(join(client.dir, 'large'), 'a'.repeat(100_000));
      const large = await web.curl('/REST/oauth/v5/token', '--data-urlencode', 'client_assertion@large');
      expect(large.status).to.equal(413);
      const twice = await web.askToken(await web.assertion(), '--data-urlencode', 'grant_type=client_credentials');
      expect(twice.status).to.equal(400);
      const asJson = await web.curl('/REST/oauth/v5/token', '-H', 'Content-Type: application/json', '-d', '{"a":1}');
      expect(asJson.status).to.equal(415);
    });
  });

  describe('by tokens:', () => {
    const out = (token: string, ...args: string[]) =>
      web.curl('/REST/batch/v1/out', '-H', `Authorization: Bearer ${token}`, ...args);
    const tokenFor = async (...args: string[]) =>
      json(await web.askToken(await web.assertion(), ...args)).access_token as string;

    it('none, a changed one, an assertion, and one of another key are refused', async () => {
      expect((await web.curl('/REST/batch/v1/out')).headers['www-authenticate']).to.equal('Bearer realm="bode"');
      const token = await tokenFor();
      const [head, claims = '', signature] = token.split('.');
      const other = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('123456', '222222')).toString(
        'base64url',
      );
      for (const wrong of [`${head}.${other}.${signature}`, `${head}.${claims}.`, await web.assertion(), 'x']) {
        const answer = await out(wrong);
        expect([answer.status, json(answer).type]).to.deep.equal([401, 'urn:problem-type:belgif:invalidAccessToken']);
      }
      expect((await out(token)).status).to.equal(200);
    });

    it('a scope that was not asked for is not there', async () => {
      const token = await tokenFor('--data-urlencode', 'scope=bode:batch:send');
      const answer = await out(token);
      expect([answer.status, json(answer).type]).to.deep.equal([403, 'urn:problem-type:belgif:missingScope']);
      const wrong = await web.askToken(await web.assertion(), '--data-urlencode', 'scope=admin');
      expect([wrong.status, json(wrong).error]).to.deep.equal([400, 'invalid_scope']);
    });

    it('one that is bound to a client certificate is no good without it', async () => {
      const certificate = ['--cert', engine.pki.sender.cert, '--key', engine.pki.sender.key];
      const token = await tokenFor(...certificate);
      expect((await out(token)).status).to.equal(401);
      expect(
        (await out(token, '--cert', engine.pki.otherSender.cert, '--key', engine.pki.otherSender.key)).status,
      ).to.equal(401);
      expect((await out(token, ...certificate)).status).to.equal(200);
    });

    it('a sender that is suspended gets nothing from that moment on', async () => {
      const token = await tokenFor();
      await engine.db('senders').where({ number: '123456' }).update({ state: 'suspended' });
      expect((await out(token)).status).to.equal(401);
      await engine.db('senders').where({ number: '123456' }).update({ state: 'active' });
      expect((await out(token)).status).to.equal(200);
    });

    it('nobody sees what is another’s: not its ticket, not its files', async () => {
      const ticket = 'ABCDEFGHIJKL1';
      await engine.db('submissions').insert({
        ...{ ticket, sender: '222222', stem: 's', content_hash: 'c', goal: 'DMFA', environment: 'R', channel: 'sftp' },
        ...{ state: 'handled', errors: '[]', received_at: new Date().toISOString() },
      });
      const auth = ['-H', `Authorization: Bearer ${await tokenFor()}`];
      expect((await web.curl(`/REST/batch/v1/submissions/${ticket}`, ...auth)).status).to.equal(404);
      expect((await web.curl('/REST/batch/v1/submissions/NOSUCHTICKET1', ...auth)).status).to.equal(404);
      for (const path of ['..%2f..%2fetc%2fpasswd', '%00', '..%5cx', 'a%0d%0aX:%20y', '%ff']) {
        expect((await web.curl(`/REST/batch/v1/out/${path}`, ...auth)).status, path).to.be.oneOf([400, 404]);
      }
    });
  });

  describe('by bodies and connections:', () => {
    let auth: string[];
    before(async () => {
      auth = await web.bearer();
    });

    const submissions = '/REST/batch/v1/submissions';

    it('a body that is no multipart, has no boundary, too many parts or is cut off is refused', async () => {
      const types = [
        'multipart/form-data',
        'multipart/form-data; boundary=',
        'text/plain',
        'multipart/mixed; boundary=x',
      ];
      for (const type of types) {
        const answer = await web.curl(submissions, ...auth, '-H', `Content-Type: ${type}`, '-d', 'x');
        expect(answer.status, type).to.be.oneOf([400, 415]);
      }
      const cut = await web.curl(
        submissions,
        ...auth,
        '-H',
        'Content-Type: multipart/form-data; boundary=x',
        '-d',
        '--x\r\n',
      );
      expect(cut.status).to.equal(400);
      await writeFile(join(client.dir, 'one'), '');
      const many = Array.from({ length: 70 }, (_, index) => [
        '-F',
        `file=@one;filename=FI.DMFA.123456.20260314.${10_000 + index}.R.1.1`,
      ]);
      const tooMany = await web.curl(submissions, ...auth, ...many.flat());
      expect(tooMany.status, tooMany.body).to.equal(413);
      expect(await engine.db('folder_files').where('folder', 'like', 'IN%')).to.deep.equal([]);
    });

    it('headers that are too large and paths that are too long are refused', async () => {
      expect((await web.curl('/REST/batch/v1/out', '-H', `X: ${'a'.repeat(20_000)}`)).status).to.equal(431);
      expect((await web.curl(`/REST/batch/v1/out/${'a'.repeat(1_000)}`, ...auth)).status).to.be.oneOf([400, 404, 414]);
    });

    it('a client that says nothing, or goes on slowly, before it has shown a token is cut off', async () => {
      const silent = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).resume();
      const slow = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).resume();
      const ends = [silent, slow].map((socket) => {
        socket.on('error', () => undefined);
        return once(socket, 'close');
      });
      await once(slow, 'secureConnect');
      slow.write('POST /REST/oauth/v5/token HTTP/1.1\r\nHost: x\r\n');
      const dripping = setInterval(() => slow.write('X: y\r\n'), 100);
      await Promise.all(ends);
      clearInterval(dripping);
    });

    it('more requests than are allowed in a minute are told to wait', async () => {
      const port = await freePort();
      const small = await startEngine({
        webservice: { port, requestsPerMinute: 3 },
        senders: [{ channels: ['webservice'] }],
      });
      try {
        const one = webClient(port, client.dir, small.pki.sender.key);
        const bearer = await one.bearer();
        const statuses = [];
        for (let count = 0; count < 5; count += 1)
          statuses.push((await one.curl('/REST/batch/v1/out', ...bearer)).status);
        expect(statuses).to.deep.equal([200, 200, 200, 429, 429]);
        const answer = await one.curl('/REST/batch/v1/out', ...bearer);
        expect([json(answer).type, Number(answer.headers['retry-after']) > 0]).to.deep.equal([
          'urn:problem-type:belgif:tooManyRequests',
          true,
        ]);
      } finally {
        await small.stop();
      }
    });

    it('wrong assertions from an address end in a ban: not even a right one is judged', async () => {
      const port = await freePort();
      const strict = await startEngine({ webservice: { port }, senders: [{ channels: ['webservice'] }] });
      try {
        const thief = webClient(port, client.dir, engine.pki.otherSender.key);
        const bans = () => strict.db('login_scores').whereNotNull('banned_until');
        await eventually(async () => {
          expect((await thief.askToken(await thief.assertion())).status).to.equal(401);
          expect(await bans()).to.not.deep.equal([]);
        }, 60_000);
        const owner = webClient(port, client.dir, strict.pki.sender.key);
        expect((await owner.askToken(await owner.assertion())).status).to.equal(401);
      } finally {
        await strict.stop();
      }
    });
  });
});
