import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf } from '../../../engine/core/errors.ts';
import { unreachable } from '../../../engine/core/unreachable.ts';
import { refuseFaults } from '../../../engine/registry/caller.ts';
import { addOidcRequest, takeOidcRequest } from '../../../engine/registry/oidc-requests.ts';
import { beginTotp, changeOwnPassword, confirmTotp, endTotp, self } from '../../../engine/registry/own-account.ts';
import { hashPassword } from '../../../engine/registry/passwords.ts';
import { newPasswordFaults } from '../../../engine/registry/renewal.ts';
import { endSession } from '../../../engine/registry/sessions.ts';
import type { PasswordSignIn, SignInOutcome } from '../../../engine/registry/sign-in.ts';
import { audit } from '../../../engine/store/audit.ts';
import { invalidFields, ProblemError } from '../problem.ts';
import { NO_SESSION_COOKIE, sessionCookie } from '../session-cookie.ts';
import type { Asked } from './callers.ts';
import { ACCESS_PATH, CALLBACK_PATH } from './paths.ts';
import type { AccessDeps, AddRoute } from './routes.ts';
import { describe, object, SESSION, text, WHO } from './schemas.ts';
import { personView } from './views.ts';

const secret = (description: string) => text(description, 256);
const NEW = { newPassword: secret('The new one'), newPasswordAgain: secret('The new one again') };

const COOKIE_WANTED = {
  cookie: { type: 'boolean', description: 'For pages of this server: the session is a cookie, and no token is told' },
};

const SIGN_IN_BODY = object(
  {
    ...{ userName: text('As it was given', 64), password: secret('The password') },
    ...COOKIE_WANTED,
    code: text('Six digits of the authenticator app, from who has one', 6),
    nationalRegisterNumber: text('Eleven digits; with a temporary password only', 11),
    ...NEW,
  },
  ['userName', 'password'],
);
const PASSWORD_BODY = object({ password: secret('The one until now; not after a sign-in by a provider'), ...NEW }, [
  'newPassword',
  'newPasswordAgain',
]);
const CODE_BODY = object({ code: text('Six digits', 6) }, ['code']);
const START_BODY = object({ ...COOKIE_WANTED, enterpriseNumber: text('Where to go in, for who has several', 10) });
const START = {
  type: 'object',
  properties: { authorizationUrl: { type: 'string', description: 'Where to send the browser, with the cookie kept' } },
};
const TOTP = { type: 'object', properties: { secret: { type: 'string' }, uri: { type: 'string' } } };
const COOKIE = '__Host-bode-sign-in';
const FOR_PAGES = 'pages.'; // before the value of that cookie, when the session is to be one too

/** Signing in and out, and what people do with their own account. */
export function sessionRoutes(scope: FastifyInstance, add: AddRoute, deps: AccessDeps): void {
  const { db, clock, signIn, oidc, clientOf } = deps;

  async function byPassword(request: FastifyRequest, reply: FastifyReply) {
    const { cookie, ...body } = request.body as { cookie?: boolean } & Record<string, string>;
    const { userName, password, code, ...given } = body;
    const { address, recognise } = clientOf(request);
    const renewal = 'newPassword' in given && {
      nationalRegisterNumber: given['nationalRegisterNumber'] ?? '',
      newPassword: given['newPassword'] ?? '',
      newPasswordAgain: given['newPasswordAgain'] ?? '',
    };
    const attempt: PasswordSignIn = {
      ...{ userName: userName ?? '', password: password ?? '', address },
      ...(code !== undefined && { code }),
      ...(renewal && { renewal }),
    };
    const answer = sessionOf(await signIn.byPassword(attempt));
    recognise();
    return answerWith(reply, answer, cookie === true);
  }

  async function start(request: FastifyRequest, reply: FastifyReply) {
    const { provider } = request.params as { provider: string };
    if (!oidc.providers.includes(provider)) throw new ProblemError('resourceNotFound', 'There is no such provider');
    const { enterpriseNumber, cookie } = (request.body ?? {}) as { enterpriseNumber?: string; cookie?: boolean };
    const { authorizationUrl, ...begun } = await oidc.start(provider, deps.url() + CALLBACK_PATH).catch((error) => {
      deps.log.warn({ provider, reason: messageOf(error) }, 'OpenID Connect provider away');
      throw new ProblemError('serviceUnavailable', 'The provider cannot be reached now: try again later');
    });
    const browser = (cookie ? FOR_PAGES : '') + randomBytes(32).toString('base64url');
    const request_ = { ...begun, browser, provider, ...(enterpriseNumber !== undefined && { enterpriseNumber }) };
    await addOidcRequest(db, request_, clock());
    reply.header('set-cookie', `${COOKIE}=${browser}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600`);
    return reply.code(201).send({ authorizationUrl });
  }

  async function comeBack(request: FastifyRequest, reply: FastifyReply) {
    const { address, recognise } = clientOf(request);
    const { state = '' } = request.query as { state?: string };
    const [, browser = ''] = new RegExp(`(?:^|; *)${COOKIE}=([\\w.-]+)`).exec(request.headers.cookie ?? '') ?? [];
    const begun = await takeOidcRequest(db, { state, browser }, clock());
    if (!begun) throw refusal(await signIn.refused(address, 'sign-in answer not of this browser'));
    const url = new URL(deps.url() + request.url);
    const inss = await oidc.finish(begun.provider, { ...begun, url }).catch(() => undefined);
    if (inss === undefined) throw refusal(await signIn.refused(address, 'identity not proved by the provider'));
    const { provider, enterpriseNumber } = begun;
    const whose = enterpriseNumber === undefined ? {} : { enterpriseNumber };
    const answer = sessionOf(await signIn.byProvider({ inss, provider, address, ...whose }));
    recognise();
    reply.header('set-cookie', `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`);
    return answerWith(reply, answer, browser.startsWith(FOR_PAGES));
  }

  function answerWith(reply: FastifyReply, { token, expiresAt, ...about }: Begun, asCookie: boolean) {
    const told = { expiresAt: expiresAt.toISOString(), ...about };
    if (!asCookie) return reply.code(201).send({ token, ...told });
    return reply
      .header('set-cookie', sessionCookie(token, expiresAt, clock()))
      .code(201)
      .send(told);
  }

  async function changePassword(asked: Asked): Promise<void> {
    const { password = '', newPassword = '', newPasswordAgain = '' } = asked.request.body as Record<string, string>;
    const { userName } = await asked.look('change the password', 'self', self);
    if (asked.session.means === 'password') await proveAgain(asked, userName, password);
    refuseFaults(newPasswordFaults({ newPassword, newPasswordAgain }, userName, password));
    const hash = await hashPassword(newPassword);
    await asked.act('change the password', userName, (acting) => changeOwnPassword(acting, hash, asked.token));
  }

  /** Whoever found a session open must not take the account over with it. */
  async function proveAgain({ caller }: Asked, userName: string, password: string): Promise<void> {
    const outcome = await signIn.prove({ userName, password, address: caller.from });
    if (outcome !== 'right') throw refusal({ kind: outcome === 'banned' ? 'banned' : 'refused' });
  }

  async function signOut({ caller, token, session, now, reply }: Asked): Promise<void> {
    await endSession(db, token);
    reply.header('set-cookie', NO_SESSION_COOKIE);
    const { person, enterpriseNumber: organisation } = session;
    const line = { at: now, who: person, what: 'signed out', subject: person, outcome: 'done', organisation } as const;
    await audit(db, { ...line, facts: { from: caller.from } });
  }

  const open = { tag: 'session', open: true } as const;
  const tag = 'session';
  const sessions = `${ACCESS_PATH}/sessions`;
  scope.post(sessions, {
    schema: describe({
      ...open,
      summary: 'Sign in by user name and password',
      body: SIGN_IN_BODY,
      good: [201, SESSION],
    }),
    handler: byPassword,
  });
  scope.post(`${sessions}/oidc/:provider`, {
    schema: describe({
      ...open,
      summary: 'Begin to sign in at an OpenID Connect provider',
      body: START_BODY,
      good: [201, START],
    }),
    handler: start,
  });
  scope.get(CALLBACK_PATH, {
    schema: describe({ ...open, summary: 'Come back from the provider', good: [201, SESSION] }),
    handler: comeBack,
  });
  add('GET', '/session', { tag, summary: 'Who am I', good: [200, WHO] }, (asked) =>
    asked.look('see oneself', 'self', async (acting) => {
      const { expiresAt, means, enterpriseNumber } = asked.session;
      return { expiresAt, means, enterpriseNumber, person: personView(await self(acting)) };
    }),
  );
  add('DELETE', '/session', { tag, summary: 'Sign out', good: [204] }, signOut);
  add(
    'PUT',
    '/session/password',
    { tag, summary: 'Choose another password', body: PASSWORD_BODY, good: [204] },
    changePassword,
  );
  add('POST', '/session/totp', { tag, summary: 'Get a secret for one-time codes', good: [201, TOTP] }, (asked) =>
    asked.act('one-time codes', 'self', beginTotp),
  );
  add('PUT', '/session/totp', { tag, summary: 'Switch one-time codes on', body: CODE_BODY, good: [204] }, (asked) =>
    asked.act('one-time codes', 'self', (acting) => confirmTotp(acting, codeIn(asked))),
  );
  add(
    'POST',
    '/session/totp/end',
    { tag, summary: 'Switch one-time codes off', body: CODE_BODY, good: [204] },
    (asked) => asked.act('one-time codes', 'self', (acting) => endTotp(acting, codeIn(asked))),
  );
}

const codeIn = ({ request }: Asked) => String((request.body as { code?: string }).code);

interface Begun {
  readonly token: string;
  readonly expiresAt: Date;
  readonly enterpriseNumber: string;
  readonly person: object;
}

/** The session that has begun; throws the problem that the request is answered with when there is none. */
function sessionOf(outcome: SignInOutcome): Begun {
  if (outcome.kind !== 'signed in') throw refusal(outcome);
  const { session, person } = outcome;
  const { token, expiresAt } = session;
  return {
    token,
    expiresAt,
    enterpriseNumber: person.enterpriseNumber,
    person: personView(person),
  };
}

type NotIn = Exclude<SignInOutcome, { kind: 'signed in' | 'refused' }> | { readonly kind: 'refused' | 'signed in' };

/** The same words for whatever was wrong; only who gave the right password hears what else is wanted. */
function refusal(outcome: NotIn): ProblemError {
  switch (outcome.kind) {
    case 'banned':
      return new ProblemError('tooManyFailedRequests', 'Too many attempts have failed: try again later');
    case 'needed':
      return invalidFields(outcome.fields.map((field) => ({ field, rule: 'it is needed now', allowed: NEEDED })));
    case 'faults':
      return invalidFields(outcome.faults);
    case 'choose': {
      const allowed = outcome.enterpriseNumbers.join(', ');
      return invalidFields([{ field: 'enterpriseNumber', rule: 'you have access to several organisations', allowed }]);
    }
    case 'refused':
    case 'signed in':
      return new ProblemError('signInRefused', 'This sign-in is not accepted; whoever manages your account can help');
    default:
      return unreachable(outcome);
  }
}

const NEEDED =
  'a temporary password is changed at the first sign-in: your number, and the new password twice; or the code of your app';
