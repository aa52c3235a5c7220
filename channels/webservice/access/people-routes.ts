import { type Fault, refuseFaults } from '../../../engine/registry/caller.ts';
import { hashPassword } from '../../../engine/registry/passwords.ts';
import { type Person, type PersonNames, peopleOf } from '../../../engine/registry/people.ts';
import * as acts from '../../../engine/registry/people-acts.ts';
import { type Appointment, mayActOn, ROLES, type Role } from '../../../engine/registry/permissions.ts';
import { giveRights, type Rights, rightsOf } from '../../../engine/registry/rights.ts';
import { newTemporaryPassword, PASSWORD_RULE, userPasswordFault } from '../../../engine/registry/user-passwords.ts';
import type { Asked } from './callers.ts';
import type { AddRoute } from './routes.ts';
import { APPOINTMENT_BODY, object, PEOPLE, PERSON, PERSON_WITH_PASSWORD, RIGHTS, text, texts } from './schemas.ts';
import { personView } from './views.ts';

const NAMES = {
  givenName: text('Given name', 100),
  familyName: text('Family name', 100),
  email: text('Where mail goes', 254),
};
const PERSON_BODY = object(
  {
    ...NAMES,
    ...APPOINTMENT_BODY.properties,
    nationalRegisterNumber: text('Eleven digits; needed for who signs in by a provider', 11),
    withPassword: { type: 'boolean', default: true, description: 'Whether a temporary password is made' },
  },
  ['givenName', 'familyName', 'role'],
);
const NAMES_BODY = object(NAMES, ['givenName', 'familyName']);
const RESET_BODY = object({
  password: text('One of your choice; else one is made', 256),
  passwordAgain: text('The same again', 256),
});
const RIGHTS_BODY = object({
  services: texts('Codes of services', 200, 40),
  protectedTypes: texts('Codes of protected message types', 200, 40),
});
const ID = object({ id: text('Of the person', 26) });
const ROLE = object({ id: text('Of the person', 26), role: { type: 'string', enum: ROLES } });
const QUALITY = object({ quality: text('Of the roles of one quality', 40) });
const PAGE = object({
  quality: text('Only those with a role in it', 40),
  after: text('Id of the last one of the page before', 26),
  pageSize: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
});

/** The people of an organisation: who has access, as what, and what they may read. */
export function peopleRoutes(add: AddRoute): void {
  const tag = 'people';
  const good = [200, PERSON] as const;
  const idOf = ({ request }: Asked) => (request.params as { id: string }).id;

  add('GET', '/people', { tag, summary: 'Those whom you may see', querystring: PAGE, good: [200, PEOPLE] }, list);
  add(
    'POST',
    '/people',
    { tag, summary: 'Give somebody access', body: PERSON_BODY, good: [201, PERSON_WITH_PASSWORD] },
    create,
  );
  add('GET', '/people/:id', { tag, summary: 'One person', params: ID, good }, (asked) =>
    asked.look('see', idOf(asked), async (acting) => personView(await acts.visible(acting, idOf(asked)))),
  );
  add('PATCH', '/people/:id', { tag, summary: 'Change names', params: ID, body: NAMES_BODY, good }, (asked) =>
    done(asked, 'rename', (acting) => acts.rename(acting, idOf(asked), asked.request.body as PersonNames)),
  );
  add('DELETE', '/people/:id', { tag, summary: 'Take access away for good', params: ID, good: [204] }, (asked) =>
    asked.act('delete', idOf(asked), (acting) => acts.deletePerson(acting, idOf(asked))),
  );
  add('POST', '/people/:id/block', { tag, summary: 'Keep somebody out', params: ID, good }, (asked) =>
    done(asked, 'block', (acting) => acts.blockPerson(acting, idOf(asked))),
  );
  add('POST', '/people/:id/unblock', { tag, summary: 'Let somebody in again', params: ID, good }, (asked) =>
    done(asked, 'unblock', (acting) => acts.unblockPerson(acting, idOf(asked))),
  );
  const reset = {
    tag,
    summary: 'Give a temporary password',
    params: ID,
    body: RESET_BODY,
    good: [200, PERSON_WITH_PASSWORD],
  } as const;
  add('POST', '/people/:id/temporaryPassword', reset, resetPassword);
  add(
    'POST',
    '/people/:id/appointments',
    { tag, summary: 'Give a role', params: ID, body: APPOINTMENT_BODY, good },
    (asked) => done(asked, 'appoint', (acting) => acts.appoint(acting, idOf(asked), appointmentIn(asked.request.body))),
  );
  const dismissal = { tag, summary: 'Take a role away', params: ROLE, querystring: QUALITY, good } as const;
  add('DELETE', '/people/:id/appointments/:role', dismissal, (asked) => {
    const { params, query } = asked.request;
    const held = appointmentIn({ ...(params as object), ...(query as object) });
    return done(asked, 'dismiss', (acting) => acts.dismiss(acting, idOf(asked), held));
  });
  add(
    'GET',
    '/people/:id/rights',
    { tag, summary: 'Services and protected types', params: ID, good: [200, RIGHTS] },
    (asked) =>
      asked.look('see rights', idOf(asked), async (acting) => {
        await acts.visible(acting, idOf(asked));
        return rightsOf(acting.tx, idOf(asked));
      }),
  );
  add(
    'PUT',
    '/people/:id/rights',
    { tag, summary: 'Give rights', params: ID, body: RIGHTS_BODY, good: [200, RIGHTS] },
    (asked) =>
      asked.act('give rights', idOf(asked), (acting) =>
        giveRights(acting, idOf(asked), asked.request.body as Partial<Rights>),
      ),
  );

  async function done(asked: Asked, act: string, work: Parameters<typeof asked.act<Person>>[2]): Promise<object> {
    return personView(await asked.act(act, idOf(asked), work));
  }

  async function resetPassword(asked: Asked): Promise<object> {
    const given = (asked.request.body ?? {}) as { password?: string; passwordAgain?: string };
    const { userName } = await asked.look('reset', idOf(asked), (acting) => acts.visible(acting, idOf(asked)));
    if (given.password !== undefined) refuseFaults(givenFaults(given.password, given.passwordAgain, userName));
    const password = given.password ?? newTemporaryPassword();
    const hash = await hashPassword(password);
    const person = await asked.act('reset', idOf(asked), (acting) => acts.resetPassword(acting, idOf(asked), hash));
    return { ...personView(person), ...(given.password === undefined && { temporaryPassword: password }) };
  }
}

async function list(asked: Asked): Promise<object> {
  const { pageSize, ...query } = asked.request.query as { quality?: string; after?: string; pageSize: number };
  return asked.look('see people', asked.enterpriseNumber, async ({ tx, actor }) => {
    const found = await peopleOf(tx, asked.enterpriseNumber, { ...query, limit: pageSize });
    const items = found.filter((person) => mayActOn(actor, 'see', person) === 'yes').map(personView);
    return { items, next: found.length === pageSize ? (found.at(-1)?.id ?? null) : null };
  });
}

interface PersonBody extends PersonNames {
  readonly nationalRegisterNumber?: string;
  readonly withPassword: boolean;
}

async function create(asked: Asked): Promise<object> {
  const { withPassword, ...body } = asked.request.body as PersonBody;
  const temporaryPassword = withPassword ? newTemporaryPassword() : undefined;
  const hash = temporaryPassword && { passwordHash: await hashPassword(temporaryPassword) };
  const request = { ...body, ...hash, appointment: appointmentIn(body) };
  const person = await asked.act('create', 'a person', (acting) =>
    acts.createPerson(acting, asked.enterpriseNumber, request),
  );
  return { ...personView(person), ...(temporaryPassword && { temporaryPassword }) };
}

function appointmentIn(body: unknown): Appointment {
  const { role, quality = '' } = body as { role: Role; quality?: string };
  return { role, quality };
}

function givenFaults(password: string, again: string | undefined, userName: string): Fault[] {
  const rule = userPasswordFault(password, userName);
  const twice = { field: 'passwordAgain', rule: 'it differs from password', allowed: 'the same text twice' };
  return [
    ...(rule === undefined ? [] : [{ field: 'password', rule, allowed: PASSWORD_RULE }]),
    ...(password === again ? [] : [twice]),
  ];
}
