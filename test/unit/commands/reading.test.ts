import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../../engine/core/logger.ts';
import { deliverMessage } from '../../../engine/mailboxes/deliver.ts';
import { createBlobStore } from '../../../engine/store/blobs.ts';
import { type Db, openStore } from '../../../engine/store/database.ts';
import { migrate } from '../../../engine/store/migrate.ts';
import { type Ran, spawnBode } from '../../support/command-line.ts';
import { useBode } from '../../support/command-runner.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from '../../support/mailboxes.ts';
import { temporaryDir } from '../../support/pki.ts';
import { storeStory, TICKET } from '../../support/stories.ts';

const EBOX = '0206731645';

describe('reading commands', () => {
  const bode = useBode();
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  const run = (...args: string[]): Promise<Ran> => bode(args, dir);

  async function filled(fill: (db: Db) => Promise<unknown>): Promise<void> {
    const db = openStore({ url: `sqlite:${join(dir, 'data/bode.sqlite')}` });
    await migrate(db);
    await fill(db);
    await db.destroy();
  }

  describe('submissions', () => {
    it('says in one line that there is no store yet, and makes none', async () => {
      for (const command of [['submissions'], ['submission', TICKET], ['mailbox', EBOX]]) {
        const { status, stdout, stderr } = await run(...command);
        expect([status, stdout]).to.deep.equal([1, '']);
        expect(stderr).to.match(/^there is no store yet: .+\n$/);
      }
    });

    it('lists them as text and as JSON', async () => {
      await filled(storeStory);
      const { status, stdout } = await run('submissions', '--sender', '123456', '--state', 'refused', '--limit', '5');
      expect(status).to.equal(0);
      expect(stdout).to.match(
        /^TICKET +STEM .+\n03804UDVFMW3Z +DMFA\.123456\.20260601\.00001\.R +sftp +refused +0 +2026/,
      );
      expect(JSON.parse((await run('submissions', '--json')).stdout)).to.deep.equal({
        items: [
          {
            ticket: TICKET,
            stem: 'DMFA.123456.20260601.00001.R',
            sender: '123456',
            channel: 'sftp',
            environment: 'R',
            goal: 'DMFA',
            state: 'refused',
            resultCode: 0,
            receivedAt: '2026-06-01T10:00:00.000Z',
          },
        ],
      });
      expect(JSON.parse((await run('submissions', '--json', '--sender', '999998')).stdout)).to.deep.equal({
        items: [],
      });
    });

    it('ends quietly when nobody reads on', async () => {
      await filled(storeStory);
      const child = spawnBode(['submissions'], dir);
      child.stdout?.destroy();
      const [errors, [status]] = [child.stderr?.toArray(), await once(child, 'close')];
      expect([status, String(await errors)]).to.deep.equal([0, '']);
    });
  });

  describe('submission', () => {
    it('tells the whole story without INSS numbers', async () => {
      await filled(storeStory);
      const { status, stdout } = await run('submission', TICKET);
      expect(status).to.equal(0);
      expect(stdout).to.include('sender binding: failed').and.to.include('00024-001 B INSS "*********29"');
      expect(stdout).not.to.match(/8507300332[89]/);
      expect((await run('submission', TICKET, '--show-inss')).stdout).to.include('85073003329');
    });

    it('gives the whole story as JSON', async () => {
      await filled(storeStory);
      const story = JSON.parse((await run('submission', TICKET, '--json')).stdout);
      expect(story).to.include({
        ticket: TICKET,
        sender: '123456',
        channel: 'sftp',
        environment: 'R',
        state: 'refused',
      });
      expect(story).to.have.nested.property('receipt.resultCode', 0);
      expect(story).to.have.nested.property('receipt.errors[0].code', '153');
      expect(story).to.have.nested.property('signature.verdict', 'invalid');
      expect(story).to.have.nested.property('forms[0].index', 1);
      expect(story).to.have.nested.property('forms[0].outcome', 'refused');
      expect(story).to.have.nested.property('forms[0].anomalies[0].errorId', '00024-001');
      expect(story).to.have.nested.property('events[0].at', '2026-06-01T10:00:00.000Z');
      expect(story).to.have.nested.property('events[0].what', 'received');
    });

    it('says in one line that a ticket is nobody’s', async () => {
      await filled(async () => undefined);
      const { status, stderr } = await run('submission', 'AAAAAAAAAAAAA', '--json');
      expect([status, stderr]).to.deep.equal([1, 'there is no submission with this ticket\n']);
    });
  });

  describe('mailbox', () => {
    const CONTENT = Buffer.from('<Form/>');

    beforeEach(() =>
      filled(async (db) => {
        const { sha256, size } = await createBlobStore({ dir: join(dir, 'data/blobs'), log: silentLogger() }).put(
          db,
          CONTENT,
        );
        const attachment = {
          number: 1,
          fileName: '../../form 1.xml',
          mediaType: 'application/xml',
          main: true,
          sha256,
          size,
        };
        const subject = { nl: 'Aangifte', en: 'Declaration\u001b[2J' };
        const message = aMessage({
          id: 'm-1',
          subject,
          messageType: 'DMFA',
          ticket: TICKET,
          attachments: [attachment],
        });
        const rules = { types: typesOf(aMessageType({ id: 'DMFA' })), provider: 'test' };
        await deliverMessage(db, message, ENTERPRISE, rules, new Date('2026-06-01T10:00:00Z'));
      }),
    );

    it('lists messages with their attachments, safe for a terminal', async () => {
      const { status, stdout } = await run('mailbox', EBOX);
      expect(status).to.equal(0);
      expect(stdout).to.include('Declaration?[2J').and.to.include('application/xml  7 bytes  (main)');
      const { items } = JSON.parse((await run('mailbox', EBOX, '--json')).stdout);
      expect(items).to.have.length(1);
      expect(items[0]).to.deep.include({ id: 'm-1', messageType: 'DMFA', ticket: TICKET });
      expect(items[0].attachments[0]).to.include({ number: 1, mediaType: 'application/xml', main: true, size: 7 });
    });

    it('saves attachments under names that stay in the directory', async () => {
      const { items } = JSON.parse((await run('mailbox', EBOX, '--json', '--save', 'out')).stdout);
      expect(items[0].saved).to.deep.equal(['out/m-1/1-__.._form_1.xml']);
      expect(await readFile(join(dir, items[0].saved[0]))).to.deep.equal(CONTENT);
    });

    it('is empty when there are no messages', async () => {
      expect((await run('mailbox', '0403019261')).stdout).to.equal('no messages\n');
      expect(JSON.parse((await run('mailbox', '0403019261', '--json')).stdout)).to.deep.equal({ items: [] });
    });
  });
});
