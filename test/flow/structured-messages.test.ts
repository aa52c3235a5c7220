import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { INSS } from '../support/access.ts';
import { type ApiAnswer, callApi } from '../support/access-api.ts';
import { bode, spawnBode } from '../support/command-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { prepareSet } from '../support/sets.ts';
import { webClient } from '../support/web.ts';

const NAME = 'https://batch.example.be'; // what clients call both processes
const PASSWORD = 'hoofd 42 toegang x';
const FTP_PASSWORD = 'van de techniek';
const WITHIN_MS = 5_000;

const rabbit = serviceUrl('TEST_AMQP_URL');
if ((rabbit && serviceUrl('TEST_PG_URL')) || servicesRequired()) {
  describe('structured messages configured by the API and used by real clients, in two processes', function () {
    this.timeout(180_000);
    let database: TestDatabase;
    let engine: PreparedEngine;
    let client: TestClient;
    let children: ChildProcess[];
    const clients: ChildProcess[] = [];
    let token: string;
    let number: string;
    const one = { sftp: 0, ftp: 0, web: 0 };
    const two = { sftp: 0, ftp: 0, web: 0 };

    before(async () => {
      for (const ports of [one, two]) for (const key of ['sftp', 'ftp', 'web'] as const) ports[key] = await freePort();
      database = await createTestDatabase('postgres');
      engine = await prepareEngine({
        brokerUrl: rabbit ?? '',
        config: { store: { url: database.url } },
        webservice: { port: one.web, publicUrl: NAME },
        ftp: { port: one.ftp },
        senders: [],
      });
      one.sftp = engine.port;
      const other = {
        'channels.sftp.port': two.sftp,
        'channels.ftp.port': two.ftp,
        'channels.webservice.port': two.web,
      };
      const options = Object.entries(other).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
      children = [
        spawnBode(['start', '--role', 'channels'], engine.dir),
        spawnBode(['start', '--role', 'channels', ...options], engine.dir),
        spawnBode(['start', '--role', 'worker'], engine.dir),
      ];
      for (const { stdout, stderr } of children) {
        stdout?.resume();
        stderr?.pipe(process.stderr); // why one did not start
      }
      for (const { web } of [one, two]) await eventually(() => callApi(at(web), 'GET', '/openapi.json'), 100_000);
      await signIn();
    });
    after(async () => {
      for (const child of clients) child.kill('SIGKILL');
      for (const child of children) {
        const gone = once(child, 'exit');
        if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone;
      }
      await engine.remove();
      await database.remove();
    });

    const at = (port: number) => `https://127.0.0.1:${port}`;
    const api = (method: string, path: string, body?: unknown) => callApi(at(one.web), method, path, body, token);

    async function signIn(): Promise<void> {
      const names = ['--given-name', 'Els', '--family-name', 'Peeters', '--json'];
      const made = await bode(['access', 'main-manager', 'appoint', '0206731645', ...names], engine.dir);
      const { userName, temporaryPassword: password } = JSON.parse(made.stdout);
      const renewal = { nationalRegisterNumber: INSS.main, newPassword: PASSWORD, newPasswordAgain: PASSWORD };
      const answer = await callApi(at(one.web), 'POST', '/sessions', { userName, password, ...renewal });
      token = answer.body.token;
    }

    async function good(answer: Promise<ApiAnswer>) {
      const { status, body } = await answer;
      expect(status, JSON.stringify(body)).to.be.oneOf([200, 201]);
      return body;
    }

    async function configure(login: string): Promise<string> {
      await good(api('POST', '/structuredMessages/employer'));
      const contact = { givenName: 'An', familyName: 'Techniek', email: 'an@example.be', phone: '02 511 51 51' };
      const sender = await good(api('POST', '/structuredMessages/employer/technicalUser', { login, ...contact }));
      const path = `/senders/${sender.number}`;
      const early = await api('PUT', `${path}/goals`, { goals: ['DMFA'] });
      expect([early.status, early.body.detail]).to.deep.equal([409, 'the step before is missing: channels']);
      await good(api('PUT', `${path}/channels`, { channels: ['sftp', 'ftp', 'webservice'] }));
      await good(api('PUT', `${path}/sshKeys`, { sshKeys: [await readFile(`${engine.loginKey}.pub`, 'utf8')] }));
      await good(api('PUT', `${path}/password`, { password: FTP_PASSWORD }));
      await good(api('POST', `${path}/certificates`, { certificate: await readFile(engine.pki.sender.cert, 'utf8') }));
      await good(api('PUT', `${path}/goals`, { goals: ['DMFA'] }));
      return sender.number;
    }

    const web = (ports: typeof one) => webClient(ports.web, client.dir, engine.pki.sender.key);

    async function bearer(ports: typeof one): Promise<string[]> {
      const name = `self_service_chaman_${number}_test`;
      const claims = { aud: `${NAME}/REST/oauth/v5/token`, iss: name, sub: name };
      const { body } = await web(ports).askToken(await web(ports).assertion({ claims }));
      return ['-H', `Authorization: Bearer ${JSON.parse(body).access_token}`];
    }

    const python = (port: number, work: string) =>
      `import ftplib\nf = ftplib.FTP_TLS()\nf.connect('127.0.0.1', ${port}, 30)\nf.login('techniek', '${FTP_PASSWORD}')\nf.prot_p()\n${work}`;

    it('takes the steps in their order, and gives a number that the overview shows with everything else', async () => {
      number = await configure('techniek');
      expect(number).to.match(/^1\d{5}$/);
      const overview = await good(api('GET', '/structuredMessages/employer'));
      expect(overview).to.include({ quality: 'employer', next: 'nothing' });
      const [sender] = overview.senders;
      expect(sender).to.deep.include({
        ...{ number, login: 'techniek', state: 'active', goals: ['DMFA'], networks: [], hasFtpPassword: true },
        channels: ['sftp', 'ftp', 'webservice'],
        contact: { givenName: 'An', familyName: 'Techniek', email: 'an@example.be', phone: '02 511 51 51' },
      });
      expect([sender.sshKeys[0].type, sender.certificates[0].key]).to.deep.equal(['ssh-ed25519', 'RSA 2048']);
      const links = await api('PUT', `/senders/${number}/channels`, { channels: ['ftp'], networks: ['publilink'] });
      expect(links.body.issues[0]).to.include({
        name: 'networks',
        allowed: 'none: fixed links are for local authorities',
      });
    });

    it('lets real sftp, FTP and the web service use it at once, with the key and certificate just uploaded', async () => {
      client = await openClient(engine, 'techniek');
      const sets = [];
      for (const sequence of ['00001', '00002', '00003'])
        sets.push(await prepareSet(client, { sender: number, sequence }));
      const [bySftp, byFtp, byWeb] = sets;
      await client.sftp(bySftp!.batch);
      const store = [byFtp!.fi, byFtp!.fs, byFtp!.go].map(
        (name) => `f.storbinary('STOR IN/${name}', open('${client.dir}/${name}', 'rb'))`,
      );
      await run('python3', ['-c', python(two.ftp, store.join('\n'))]);
      const files = [byWeb!.fi, byWeb!.fs, byWeb!.go].flatMap((name) => ['-F', `file=@${name}`]);
      const sent = await web(two).curl('/REST/batch/v1/submissions', ...(await bearer(two)), ...files);
      expect(sent.status, sent.body).to.equal(201);
      await eventually(async () => {
        const receipts = await client.receipts();
        const codes = [bySftp, byFtp, byWeb].map((set) => receipts.get(set!.go)?.resultCode);
        expect(codes).to.deep.equal(['1', '1', '1']);
      }, 60_000);
    });

    it('ends it within five seconds on all channels when the technical user is blocked, in the other process too', async () => {
      const auth = await bearer(two);
      const list = () => web(two).curl('/REST/batch/v1/out', ...auth);
      expect((await list()).status).to.equal(200);
      const loop = 'import time\nprint("in", flush=True)\nwhile True:\n  f.voidcmd("NOOP")\n  time.sleep(0.1)';
      const held = [holdSftp(engine, two.sftp), spawn('python3', ['-c', python(two.ftp, loop)])];
      clients.push(...held);
      const ends = held.map((child) => once(child, 'exit'));
      await Promise.all(held.map((child) => once(child.stdout!, 'data')));
      expect(held.map(({ exitCode }) => exitCode)).to.deep.equal([null, null]);
      await good(api('POST', `/senders/${number}/block`));
      const blockedAt = performance.now();
      await Promise.all(ends);
      await eventually(async () => expect((await list()).status).to.equal(401), WITHIN_MS);
      expect(performance.now() - blockedAt).to.be.below(WITHIN_MS);
      for (const { sftp, ftp } of [one, two]) {
        expect(await fails(run('sftp', [...sftpArgs(engine, sftp), 'techniek@127.0.0.1'], { input: 'ls\n' }))).to.equal(
          true,
        );
        expect(await fails(run('python3', ['-c', python(ftp, 'f.nlst()')]))).to.equal(true);
      }
      await good(api('POST', `/senders/${number}/unblock`));
      expect((await list()).status).to.equal(200);
      expect(await client.sftp('ls IN\n')).to.be.a('string');
    });

    it('ends it when the whole organisation is blocked by the operator, from a process of its own', async () => {
      const held = holdSftp(engine, two.sftp);
      clients.push(held);
      const end = once(held, 'exit');
      await once(held.stdout!, 'data');
      const began = performance.now();
      expect(await bode(['access', 'block', 'organisation', '0206731645'], engine.dir)).to.include({ status: 0 });
      const blockedAt = performance.now();
      await end;
      expect(performance.now() - blockedAt, `the command took ${blockedAt - began} ms`).to.be.below(WITHIN_MS);
      expect((await api('GET', '/session')).status).to.equal(401);
      expect(await bode(['access', 'unblock', 'organisation', '0206731645'], engine.dir)).to.include({ status: 0 });
      const [{ user_name: userName } = { user_name: '' }] = await engine.db('people').select('user_name');
      token = (await callApi(at(one.web), 'POST', '/sessions', { userName, password: PASSWORD })).body.token;
    });

    it('ends a login whose key was taken away, and gives a number only once', async () => {
      const held = holdSftp(engine, two.sftp);
      clients.push(held);
      const end = once(held, 'exit');
      await once(held.stdout!, 'data');
      await good(api('PUT', `/senders/${number}/sshKeys`, { sshKeys: [] }));
      await end;
      expect((await api('DELETE', `/senders/${number}`)).status).to.equal(204);
      expect((await api('GET', `/senders/${number}`)).status).to.equal(404);
      const taken = await api('POST', '/structuredMessages/employer');
      expect(taken.status).to.equal(201);
      await engine.db('structured_messages').delete();
      expect(Number(await configure('techniek-2'))).to.be.above(Number(number));
    });
  });
}

const sftpArgs = (engine: PreparedEngine, port: number) => {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  return ['-P', String(port), '-i', engine.loginKey, ...options.flatMap((option) => ['-o', option]), '-b', '-'];
};

/** OpenSSH's sftp, logged in; it sees that the server has hung up only when it is told to do something. */
function holdSftp(engine: PreparedEngine, port: number): ChildProcess {
  const child = spawn('sftp', [...sftpArgs(engine, port), 'techniek@127.0.0.1']);
  child.stdin.on('error', () => undefined); // it has gone
  const asking = setInterval(() => child.stdin.write('ls IN\npwd\n'), 100);
  child.once('exit', () => clearInterval(asking));
  return child;
}

const fails = (running: Promise<unknown>) =>
  running.then(
    () => false,
    () => true,
  );
