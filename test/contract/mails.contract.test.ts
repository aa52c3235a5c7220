import { join } from 'node:path';
import { expect } from 'chai';
import { createTellNotice } from '../../app/notices.ts';
import { createSmtpOutlet } from '../../channels/mail/smtp.ts';
import { loadMailTexts, type MailTexts } from '../../channels/mail/texts.ts';
import { loadConfig } from '../../config/load.ts';
import { packageRoot } from '../../config/package-root.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import { findMailbox, type MailboxKey, openMailbox } from '../../engine/mailboxes/mailboxes.ts';
import { addNotice } from '../../engine/mailboxes/notices.ts';
import { readBounce } from '../../engine/outbound/bounce.ts';
import { addressesOf, confirmAddress, requestAddress } from '../../engine/outbound/mail-addresses.ts';
import { mailAddressFails } from '../../engine/outbound/mail-conditions.ts';
import { planNotices, planSummaries } from '../../engine/outbound/mail-plan.ts';
import { recentMails } from '../../engine/outbound/mails.ts';
import { noteBounce, sendMails } from '../../engine/outbound/send-mails.ts';
import { addNotice as addManagerNotice, tellNotices } from '../../engine/registry/notices.ts';
import { type Language, saveOrganisation } from '../../engine/registry/organisations.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { headerOf, type MailServer, startMailServer, textOf } from '../support/mail-server.ts';
import { aMessage, aMessageType, ENTERPRISE, typesOf } from '../support/mailboxes.ts';

const RULES = { types: typesOf(aMessageType()), provider: 'bode' };
const MORNING = new Date('2026-11-26T05:00:00.000Z');
const HOUR_MS = 3_600_000;
const ADDRESS = 'ebox@voorbeeld.example';
const CITIZEN: MailboxKey = { kind: 'citizen', eboxId: '85073003328' };
const BY = { who: '123456', now: MORNING };

for (const kind of STORES) contract(kind);

/** What both stores must do alike with mails, sent to a real SMTP server. */
function contract(kind: StoreKind): void {
  describe(`mails contract: ${kind}`, () => {
    let db: Db;
    let close: () => Promise<void>;
    let server: MailServer;
    let texts: MailTexts;
    let now = MORNING;
    before(async () => {
      texts = await loadMailTexts(join(packageRoot(), 'config/texts'));
    });
    beforeEach(async () => {
      now = MORNING;
      ({ db, close } = await openTestStore(kind));
      server = await startMailServer();
    });
    afterEach(async () => {
      await server.stop();
      await close();
    });

    const openOutlet = () =>
      createSmtpOutlet({ url: server.url, requireTls: false, from: 'bode@kiosk.example', fromName: 'e-Box', texts });
    const deps = () => ({ db, clock: () => now, log: silentLogger(), openOutlet, giveUpMs: 48 * HOUR_MS });
    const send = () => sendMails(deps());
    const later = (ms: number) => new Date(MORNING.getTime() + ms);
    const organisation = (language: Language, name = 'Voorbeeld NV', email = ADDRESS, number = ENTERPRISE.eboxId) =>
      inTransaction(db, (tx) =>
        saveOrganisation(tx, {
          ...{ enterpriseNumber: number, language, email },
          names: { [language]: name },
          mailboxType: 'enterprise',
        }),
      );
    const deliver = (at = later(-HOUR_MS), mailbox = ENTERPRISE, message = aMessage()) =>
      inTransaction(db, (tx) => deliverMessage(tx, message, mailbox, RULES, at));
    const states = async () => (await recentMails(db, 100)).map(({ state }) => state).sort();
    async function failures() {
      const mailbox = await findMailbox(db, ENTERPRISE);
      return mailbox ? (await addressesOf(db, mailbox, now))[0] : undefined;
    }

    for (const [language, subject, says] of [
      ['nl', 'e-Box: 1 nieuw bericht', 'de e-Box van Voorbeeld NV (0206.731.645)'],
      ['fr', 'e-Box : 1 nouveau message', "l'e-Box de Voorbeeld NV (0206.731.645)"],
      ['de', 'e-Box: 1 neue Nachricht', 'der e-Box von Voorbeeld NV (0206.731.645)'],
      ['en', 'e-Box: 1 new message', 'the e-Box of Voorbeeld NV (0206.731.645)'],
    ] as const) {
      it(`sends a summary in its language: ${language}`, async () => {
        await organisation(language);
        await deliver();
        await planSummaries(db, { slot: MORNING });
        expect(await send()).to.equal(1);
        const [mail] = server.received;
        if (!mail) throw new Error('nothing came');
        expect(headerOf(mail, 'Subject')).to.equal(subject);
        expect(headerOf(mail, 'Content-Language')).to.equal(language);
        expect(textOf(mail)).to.contain(says).and.not.contain('{').and.not.contain('Een attest');
      });
    }

    it('sends the notice of a certificate that ends to the address of its organisation and the operator, once', async () => {
      await organisation('fr');
      const config = await loadConfig(undefined, {});
      const mail = { ...config.mail, smtp: server.url, operator: 'operator@kiosk.example' };
      const tell = createTellNotice({ db, log: silentLogger(), clock: () => now, config: { ...config, mail } });
      const facts = { serial: '4A2B', fingerprint: 'AB:'.repeat(31).concat('CD'), days: 30 };
      const about = { at: now, kind: 'certificate expires', organisation: ENTERPRISE.eboxId, address: ADDRESS, facts };
      for (let turn = 0; turn < 2; turn++)
        await addManagerNotice(db, { ...about, subject: 'The certificate 4A2B ends' });
      expect(await tellNotices({ ...deps(), proceed: () => undefined }, tell)).to.equal(2);
      expect([await send(), await send()]).to.deep.equal([2, 0]);
      expect(server.received.flatMap(({ to }) => to)).to.have.members([ADDRESS, 'operator@kiosk.example']);
      const [received] = server.received;
      if (!received) throw new Error('nothing came');
      expect(headerOf(received, 'Subject')).to.equal('e-Box : un certificat expire dans 30 jours');
      expect(textOf(received)).to.contain('Le certificat 4A2B de Voorbeeld NV (0206.731.645) expire dans 30 jours.');
      expect(textOf(received)).to.not.contain('{');
    });

    it('sends one summary for 300 messages, however often it is planned, under the id of its delivery', async () => {
      await organisation('nl');
      for (let number = 0; number < 300; number += 1) await deliver();
      const plans = await Promise.all([planSummaries(db, { slot: MORNING }), planSummaries(db, { slot: MORNING })]);
      expect(plans.reduce((sum, queued) => sum + queued, 0)).to.equal(1);
      await Promise.all([send(), send()]);
      expect(await planSummaries(db, { slot: MORNING })).to.equal(0);
      expect(await planSummaries(db, { slot: later(2 * HOUR_MS) }), 'at another time of the same day').to.equal(0);
      expect(await send()).to.equal(0);
      expect(server.received).to.have.length(1);
      const [mail] = server.received;
      const [stored] = await recentMails(db, 10);
      if (!mail || !stored) throw new Error('nothing came');
      expect(headerOf(mail, 'Subject')).to.equal('e-Box: 300 nieuwe berichten');
      expect(headerOf(mail, 'Message-ID')).to.equal(`<${stored.id}@kiosk.example>`);
      expect(textOf(mail)).to.contain('300 berichten zijn nog niet gelezen.');
    });

    it('counts in the next summary what came since the last one, and sends none when nothing did', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      await deliver(later(HOUR_MS));
      await deliver(later(2 * HOUR_MS));
      const days = [24, 48].map((hours) => later(hours * HOUR_MS));
      expect(await planSummaries(db, { slot: days[0] ?? now })).to.equal(1);
      expect(await planSummaries(db, { slot: days[1] ?? now })).to.equal(0);
      now = later(72 * HOUR_MS);
      await send();
      expect(server.received.map((mail) => headerOf(mail, 'Subject'))).to.deep.equal([
        'e-Box: 1 nieuw bericht',
        'e-Box: 2 nieuwe berichten',
      ]);
    });

    it('counts what was committed after the plan that its time of arrival was for', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      await deliver(); // of the same time, and only now there
      expect(await planSummaries(db, { slot: MORNING }), 'not twice a day').to.equal(0);
      expect(await planSummaries(db, { slot: later(24 * HOUR_MS) })).to.equal(1);
      expect(await planSummaries(db, { slot: later(48 * HOUR_MS) })).to.equal(0);
      now = later(72 * HOUR_MS);
      await send();
      const subjects = server.received.map((mail) => headerOf(mail, 'Subject'));
      expect(subjects).to.deep.equal(['e-Box: 1 nieuw bericht', 'e-Box: 1 nieuw bericht']);
    });

    it('waits while the server is away for an hour, and counts no attempt', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      await server.stop();
      for (let minutes = 0; minutes < 60; minutes += 1) {
        now = later(minutes * 60_000);
        expect(await send()).to.equal(0);
      }
      expect((await recentMails(db, 1))[0]).to.include({ state: 'queued', attempts: 0 });
      server = await startMailServer({ port: Number(new URL(server.url).port), received: server.received });
      now = later(HOUR_MS + 60_000);
      expect(await send()).to.equal(1);
      expect(server.received).to.have.length(1);
    });

    it('tries a mail again that is deferred (4xx), ever more seldom, and gives it up in the end', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      server.refused.set(ADDRESS, 450);
      const tries: number[] = [];
      for (let minutes = 0; minutes <= 49 * 60; minutes += 1) {
        now = later(minutes * 60_000);
        const before = (await recentMails(db, 1))[0]?.attempts ?? 0;
        await send();
        if (((await recentMails(db, 1))[0]?.attempts ?? 0) > before) tries.push(minutes);
      }
      expect(tries.slice(0, 8)).to.deep.equal([0, 1, 3, 7, 15, 31, 63, 123]);
      expect((await recentMails(db, 1))[0]).to.include({ state: 'expired' });
      expect((await failures())?.lastFailure).to.contain('450');
    });

    it('sends it when the server takes it the second time', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      server.refused.set(ADDRESS, 450);
      await send();
      server.refused.clear();
      now = later(60_000);
      expect(await send()).to.equal(1);
      expect(await states()).to.deep.equal(['sent']);
    });

    it('flags an address that keeps being refused (5xx), to its owner and the operator, until a mail is taken', async () => {
      await organisation('nl');
      server.refused.set(ADDRESS, 550);
      for (let day = 0; day < 3; day += 1) {
        now = later(day * 24 * HOUR_MS);
        expect(await mailAddressFails.find(db, now)).to.deep.equal([]);
        await deliver(new Date(now.getTime() - HOUR_MS));
        await planSummaries(db, { slot: now });
        await send();
      }
      expect(await states()).to.deep.equal(['refused', 'refused', 'refused']);
      expect(await failures()).to.include({ failingSince: now.toISOString() });
      const [finding] = await mailAddressFails.find(db, now);
      expect(finding?.detail).to.contain('keep failing');
      expect(JSON.stringify(finding)).to.not.contain(ADDRESS);
      server.refused.clear();
      now = later(3 * 24 * HOUR_MS);
      await deliver(new Date(now.getTime() - HOUR_MS));
      await planSummaries(db, { slot: now });
      await send();
      expect(await mailAddressFails.find(db, now)).to.deep.equal([]);
    });

    it('notes a bounce by the id of the delivery, once', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      await send();
      const bounce = readBounce(dsnFor(server.received[0]?.raw ?? ''));
      if (!bounce) throw new Error('the notification was not understood');
      expect(await noteBounce(db, bounce.id, { ...bounce, now })).to.equal(true);
      expect(await noteBounce(db, bounce.id, { ...bounce, now })).to.equal(false);
      expect((await recentMails(db, 1))[0]).to.include({
        state: 'bounced',
        answer: '5.1.1 smtp; 550 5.1.1 unknown user',
      });
      expect((await failures())?.lastFailure).to.contain('unknown user');
    });

    it('tells of registered mail at once and one by one, of what expires together', async () => {
      await organisation('nl');
      const { mailbox } = await deliver();
      const at = now.toISOString();
      const note = (messageId: string, what: 'registered' | 'expiring', days: number) =>
        inTransaction(db, (tx) => addNotice(tx, { mailbox: mailbox.id, messageId, kind: what, days, at }));
      for (const id of ['a', 'b']) await note(id, 'registered', 0);
      for (const id of ['c', 'd', 'e']) await note(id, 'expiring', 7);
      await planNotices(db, now);
      await send();
      expect(server.received.map((mail) => headerOf(mail, 'Subject')).sort()).to.deep.equal([
        'e-Box: 3 berichten verdwijnen binnenkort',
        'e-Box: een aangetekende zending',
        'e-Box: een aangetekende zending',
      ]);
      expect(await planNotices(db, now)).to.equal(0);
    });

    it('sends to a new address only what confirms it, and then to it alone when it is the owner’s', async () => {
      await organisation('nl');
      await deliver();
      const mailbox = await findMailbox(db, ENTERPRISE);
      if (!mailbox) throw new Error('no mailbox');
      const asked = { mailbox, address: 'nieuw@voorbeeld.example', language: 'nl', owner: true } as const;
      await inTransaction(db, (tx) => requestAddress(tx, asked, BY));
      await planSummaries(db, { slot: MORNING });
      await send();
      expect(server.received.map(({ to }) => to[0]).sort()).to.deep.equal([ADDRESS, asked.address]);
      const mail = server.received.find(({ to }) => to[0] === asked.address);
      const token = /code: (\S+)\. /.exec(mail ? textOf(mail) : '')?.[1] ?? '';
      expect(await inTransaction(db, (tx) => confirmAddress(tx, 'another', now))).to.equal(false);
      expect(await inTransaction(db, (tx) => confirmAddress(tx, token, later(49 * HOUR_MS)))).to.equal(false);
      expect(await inTransaction(db, (tx) => confirmAddress(tx, token, now))).to.equal(true);
      expect((await addressesOf(db, mailbox, now)).map(({ address }) => address)).to.deep.equal([asked.address]);
      expect(JSON.stringify(await db('mails').select())).to.not.contain(token);
      expect(JSON.stringify(await db('mail_addresses').select())).to.not.contain(token);
    });

    it('says nothing of whose it is when the mailbox is a person’s', async () => {
      const mailbox = await inTransaction(db, (tx) => openMailbox(tx, CITIZEN, MORNING));
      const asked = { mailbox, address: 'an@home.example', language: 'en', owner: true } as const;
      await inTransaction(db, (tx) => requestAddress(tx, asked, BY));
      await send();
      expect(server.received[0]?.raw).to.not.contain(CITIZEN.eboxId);
      expect(textOf(server.received[0] ?? { from: '', to: [], raw: '' })).to.contain('your e-Box');
      expect(JSON.stringify(await db('mails').select())).to.not.contain(CITIZEN.eboxId);
    });

    it('lets no name and no address become a header or another recipient', async () => {
      await organisation('nl', 'Evil" <x@evil.example>\r\nBcc: all@evil.example\r\n\r\nHello');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      await send();
      const [mail] = server.received;
      if (!mail) throw new Error('nothing came');
      expect(mail.to).to.deep.equal([ADDRESS]);
      expect(headerOf(mail, 'Bcc')).to.equal(undefined);
      expect(headerOf(mail, 'To')).to.match(new RegExp(`<${ADDRESS}>$`));
      const mailbox = await findMailbox(db, ENTERPRISE);
      if (!mailbox) throw new Error('no mailbox');
      for (const address of HOSTILE) {
        const asked = { mailbox, address, language: 'nl', owner: true } as const;
        const code = await inTransaction(db, (tx) => requestAddress(tx, asked, BY)).then(
          () => 'taken',
          (error) => error.code,
        );
        expect(code, JSON.stringify(address)).to.equal('name_invalid');
      }
    });

    it('sends nothing without TLS when TLS is wanted', async () => {
      await organisation('nl');
      await deliver();
      await planSummaries(db, { slot: MORNING });
      const strict = () =>
        createSmtpOutlet({ url: server.url, requireTls: true, from: 'bode@kiosk.example', fromName: 'e-Box', texts });
      expect(await sendMails({ ...deps(), openOutlet: strict })).to.equal(0);
      expect([server.received.length, await states()]).to.deep.equal([0, ['queued']]);
    });
  });
}

const HOSTILE = [
  ...['a@b.example\r\nBcc: c@d.example', 'a@b.example, c@d.example', '"a b"@c.example', 'a@b', '<a@b.example>', ''],
  ...[
    '"x@evil.example x"@ok.example',
    'a@b.example\0',
    'a(comment)@b.example',
    'a@[127.0.0.1]',
    `${'a'.repeat(250)}@b.example`,
  ],
];

/** As a mail server sends it back (RFC 3464), with the headers of what it could not deliver. */
function dsnFor(raw: string): string {
  const parts = [
    'Content-Type: text/plain\r\n\r\nSorry.',
    'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; x\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n unknown user\r\n',
    `Content-Type: text/rfc822-headers\r\n\r\n${raw.split('\r\n\r\n')[0]}\r\n`,
  ];
  const head =
    'From: MAILER-DAEMON@mx.example\r\nMessage-ID: <1@mx.example>\r\nContent-Type: multipart/report; boundary="b"\r\n\r\n';
  return `${head}${parts.map((part) => `--b\r\n${part}`).join('\r\n')}\r\n--b--\r\n`;
}
