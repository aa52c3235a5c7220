import { refuseFaults } from '../../../engine/registry/caller.ts';
import { hashPassword, passwordFault } from '../../../engine/registry/passwords.ts';
import { messagesOverview, type SenderKey, senderOverview } from '../../../engine/registry/sender-overview.ts';
import * as steps from '../../../engine/registry/structured-messages.ts';
import type { TechnicalContact } from '../../../engine/registry/technical-users.ts';
import type { Asked } from './callers.ts';
import type { AccessDeps, AddRoute } from './routes.ts';
import { MESSAGES, object, SENDER, text, texts } from './schemas.ts';

const CONTACT = {
  ...{ givenName: text('Of the contact person', 100), familyName: text('Of the contact person', 100) },
  ...{ email: text('Where the contact person reads mail', 254), phone: text('Of the contact person', 30) },
};
const USER_BODY = object({ login: text('What the technical user logs in with', 64), ...CONTACT }, [
  'login',
  'givenName',
  'familyName',
  'email',
]);
const CHANNELS_BODY = object(
  {
    channels: texts('sftp, ftp, webservice', 3, 20),
    networks: texts('Fixed links for FTP, of local authorities', 20, 40),
  },
  ['channels'],
);
const KEYS_BODY = object({ sshKeys: texts('Lines of OpenSSH public keys: all that count from now on', 20, 3_000) }, [
  'sshKeys',
]);
const PASSWORD_BODY = object({ password: text('For FTP', 256) }, ['password']);
const CERTIFICATE_BODY = object({ certificate: text('PEM, or DER in base64', 20_000) }, ['certificate']);
const GOALS_BODY = object({ goals: texts('Goal codes, as DMFA', 200, 4) }, ['goals']);
const QUALITY = object({ quality: text('Its code', 40) });
const NUMBER = object({ number: text('Six digits', 6) });
const FINGERPRINT = object({ number: text('Six digits', 6), fingerprint: text('SHA-256 in hex', 64) });

/** Structured messages, step by step: the quality, its configuration, the technical user, channels, keys, certificates, goals. */
export function messageRoutes(add: AddRoute, { choices, clock }: AccessDeps): void {
  const tag = 'structured messages';
  const good = [200, SENDER] as const;
  const chosenFrom = () => ({ ...choices, now: clock() });
  const placeOf = ({ request, enterpriseNumber }: Asked) => ({
    enterpriseNumber,
    quality: (request.params as { quality: string }).quality,
  });
  const keyOf = ({ request, enterpriseNumber }: Asked): SenderKey => ({
    enterpriseNumber,
    number: (request.params as { number: string }).number,
  });
  const bodyOf = <T>({ request }: Asked) => request.body as T;

  add(
    'GET',
    '/structuredMessages/:quality',
    { tag, summary: 'The overview', params: QUALITY, good: [200, MESSAGES] },
    (asked) =>
      asked.look('see structured messages', placeOf(asked).quality, (acting) =>
        messagesOverview(acting, placeOf(asked)),
      ),
  );
  add(
    'POST',
    '/structuredMessages/:quality',
    { tag, summary: 'Save the configuration', params: QUALITY, good: [201, MESSAGES] },
    (asked) =>
      asked.act('save a configuration', placeOf(asked).quality, (acting) =>
        steps.saveConfiguration(acting, placeOf(asked)),
      ),
  );
  const naming = {
    tag,
    summary: 'Name the technical user, who gets the sender number',
    params: QUALITY,
    body: USER_BODY,
    good: [201, SENDER],
  } as const;
  add('POST', '/structuredMessages/:quality/technicalUser', naming, (asked) => {
    const { login, ...contact } = bodyOf<TechnicalContact & { login: string }>(asked);
    return asked.act('name a technical user', placeOf(asked).quality, (acting) =>
      steps.nameTechnicalUser(acting, placeOf(asked), { login, contact }),
    );
  });
  add('GET', '/senders/:number', { tag, summary: 'One technical user', params: NUMBER, good }, (asked) =>
    asked.look('see a technical user', keyOf(asked).number, (acting) => senderOverview(acting, keyOf(asked))),
  );

  const step = (path: string, summary: string, body: object, work: (asked: Asked) => Parameters<Asked['act']>[2]) =>
    add('PUT', `/senders/:number/${path}`, { tag, summary, params: NUMBER, body, good }, (asked) =>
      asked.act(summary, keyOf(asked).number, work(asked)),
    );
  step(
    'channels',
    'Choose the channels',
    CHANNELS_BODY,
    (asked) => (acting) => steps.chooseChannels(acting, keyOf(asked), bodyOf(asked), chosenFrom()),
  );
  step(
    'sshKeys',
    'Register the SSH keys',
    KEYS_BODY,
    (asked) => (acting) => steps.registerKeys(acting, keyOf(asked), bodyOf<{ sshKeys: string[] }>(asked).sshKeys),
  );
  step(
    'goals',
    'Choose the services',
    GOALS_BODY,
    (asked) => (acting) =>
      steps.chooseGoals(acting, keyOf(asked), bodyOf<{ goals: string[] }>(asked).goals, chosenFrom()),
  );
  add(
    'PUT',
    '/senders/:number/password',
    { tag, summary: 'Set the FTP password', params: NUMBER, body: PASSWORD_BODY, good },
    async (asked) => {
      const { password } = bodyOf<{ password: string }>(asked);
      const rule = passwordFault(password);
      if (rule !== undefined) refuseFaults([{ field: 'password', rule, allowed: '10 to 256 characters' }]);
      const hash = await hashPassword(password);
      return asked.act('set the FTP password', keyOf(asked).number, (acting) =>
        steps.setFtpPassword(acting, keyOf(asked), hash),
      );
    },
  );
  const upload = {
    tag,
    summary: 'Register one more certificate',
    params: NUMBER,
    body: CERTIFICATE_BODY,
    good: [201, SENDER],
  } as const;
  add('POST', '/senders/:number/certificates', upload, (asked) => {
    const bytes = certificateBytes(bodyOf<{ certificate: string }>(asked).certificate);
    return asked.act('register a certificate', keyOf(asked).number, (acting) =>
      steps.registerCertificate(acting, keyOf(asked), bytes, chosenFrom()),
    );
  });
  const removal = { tag, summary: 'Take a certificate away', params: FINGERPRINT, good } as const;
  add('DELETE', '/senders/:number/certificates/:fingerprint', removal, (asked) => {
    const { fingerprint } = asked.request.params as { fingerprint: string };
    return asked.act('remove a certificate', keyOf(asked).number, (acting) =>
      steps.removeCertificate(acting, keyOf(asked), fingerprint),
    );
  });
  for (const [act, blocked] of [
    ['block', true],
    ['unblock', false],
  ] as const) {
    add('POST', `/senders/:number/${act}`, { tag, summary: `${act} a technical user`, params: NUMBER, good }, (asked) =>
      asked.act(`${act} a technical user`, keyOf(asked).number, (acting) =>
        steps.setBlocked(acting, keyOf(asked), blocked),
      ),
    );
  }
  add('DELETE', '/senders/:number', { tag, summary: 'Delete a technical user', params: NUMBER, good: [204] }, (asked) =>
    asked.act('delete a technical user', keyOf(asked).number, (acting) => steps.deleteSender(acting, keyOf(asked))),
  );
}

/** A certificate as it was sent: PEM as it is, anything else is DER in base64. */
function certificateBytes(text: string): Buffer {
  return text.includes('-----BEGIN') ? Buffer.from(text) : Buffer.from(text, 'base64');
}
