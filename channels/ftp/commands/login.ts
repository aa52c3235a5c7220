import type { RefusalReason } from '../../../engine/registry/refusals.ts';
import type { Command, FtpContext } from '../session.ts';

const WRONG = 'login incorrect';
const TOO_MUCH = 'too many failed logins: try again later'; // said of logins that do not exist, too

/** USER: taken without encryption only where somebody may log in so. */
export const user: Command = async (context, argument) => {
  const { state, deps, origin, reply } = context;
  if (state.guest) return reply(503, 'you are logged in; QUIT and connect again to be another');
  if (!context.isEncrypted() && !context.comesByFixedLink()) {
    deps.defence.note({ channel: 'ftp', address: origin.address }, 'not encrypted, and not from a fixed link');
    return reply(530, 'from your address only encrypted: AUTH TLS first');
  }
  state.login = argument.toString('latin1').slice(0, 256);
  reply(331, 'password, please');
};

/** PASS: the same answer for whatever is wrong, after the same work; after none where too much was wrong before. */
export const pass: Command = async (context, argument) => {
  const { state, deps, reply } = context;
  const { login } = state;
  if (state.guest || login === '') return reply(503, 'USER first');
  state.login = '';
  if (!(await deps.defence.mayTry(tryOf(context, login)))) return turnAway(context, TOO_MUCH);
  const address = context.origin.address;
  const attempt = { login, password: argument.toString('utf8'), address, encrypted: context.isEncrypted() };
  const outcome = await deps.authenticate(attempt);
  if (outcome.kind === 'refused') return refuse(context, login, outcome.reason);
  const { number, stillHolds } = outcome;
  if (!context.admit(number)) return refuse(context, login, 'too many connections of the sender');
  await deps.defence.succeeded(tryOf(context, login));
  state.guest = { number, stillHolds, folders: deps.foldersOf({ number, channel: 'ftp' }) };
  context.log().info({ encrypted: context.isEncrypted() }, 'ftp login');
  reply(230, 'welcome');
};

const tryOf = ({ origin }: FtpContext, login: string) => ({ channel: 'ftp', address: origin.address, login });

async function refuse(context: FtpContext, login: string, reason: RefusalReason): Promise<void> {
  await context.deps.defence.refused(tryOf(context, login), reason);
  turnAway(context, WRONG);
}

function turnAway({ state, deps, reply, end }: FtpContext, why: string): void {
  state.failures += 1;
  const isLast = state.failures >= deps.limits.authAttempts;
  reply(isLast ? 421 : 530, isLast ? 'too many attempts to log in' : why);
  if (isLast) end();
}

/** AUTH TLS (RFC 4217): what has come so far counts no more. */
export const auth: Command = async (context, argument) => {
  if (context.isEncrypted()) return context.reply(503, 'this connection is encrypted');
  if (!/^(TLS|TLS-C|TLS-P)$/i.test(argument.toString('latin1'))) return context.reply(504, 'TLS is what there is');
  await context.startTls();
};

/** PBSZ: must be sent, and says nothing. */
export const pbsz: Command = async (context) => {
  if (context.isEncrypted()) context.reply(200, 'PBSZ=0');
  else context.reply(503, 'AUTH TLS first');
};

/** PROT: P encrypts data; C only for who may go without encryption altogether. */
export const prot: Command = async (context, argument) => {
  const { state, reply, comesByFixedLink } = context;
  const level = argument.toString('latin1').toUpperCase();
  if (!context.isEncrypted()) return reply(503, 'AUTH TLS first');
  if (level !== 'P' && level !== 'C') return reply(536, 'P encrypts the data; there is no other protection');
  if (level === 'C' && !comesByFixedLink()) return reply(534, 'from your address only encrypted: PROT P');
  state.privateData = level === 'P';
  reply(200, state.privateData ? 'data will be encrypted' : 'data will not be encrypted');
};
