import { isIP, SocketAddress } from 'node:net';
import { Command } from 'commander';
import { plainAddress } from '../../engine/core/cidr.ts';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { networkOf } from '../../engine/core/startups.ts';
import { scoredLogin } from '../../engine/registry/login-score.ts';
import { type Lift, liftBans, type Scored, standingBans } from '../../engine/registry/login-scores.ts';
import { operator } from './operator.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, configured, matching, reading, settings, upTo, withStore } from './settings.ts';
import { maskInss } from './story-text.ts';

/** `bode bans list|lift`: whom too many failed logins have banned, and for how long. */
export function bansCommand(): Command {
  return new Command('bans')
    .description('addresses and logins that too many failed logins have banned')
    .addCommand(listCommand())
    .addCommand(liftCommand());
}

interface ListOptions extends ConfigOption {
  readonly json?: true;
  readonly limit: number;
}

const TITLES = ['ADDRESS', 'LOGIN', 'SCORE', 'LAST FAILED', 'UNTIL', 'MEANS'];

function listCommand(): Command {
  return reading('list')
    .description('list the bans that stand, the longest first')
    .option('--limit <n>', 'at most so many', upTo(10_000), 100)
    .action(async ({ json, limit, ...options }: ListOptions) => {
      const items = (await withStore(await settings(options), (db) => standingBans(db, systemClock(), limit))).map(
        listed,
      );
      if (json) return printJson({ items });
      const rows = items.map(({ address, login, score, failedAt, until, means }) => [
        ...[address ?? 'any', login ?? 'any', String(score)],
        ...[failedAt.toISOString(), until?.toISOString() ?? '-', means],
      ]);
      await print(rows.length === 0 ? ['no bans'] : table(TITLES, rows));
    });
}

function listed({ network, login, score }: Scored) {
  return {
    address: network || null,
    login: login || null,
    score: Math.round(score.value * 10) / 10,
    failedAt: score.at,
    until: score.bannedUntil,
    means: network === '' ? 'one try for each address' : login === '' ? 'turned away' : 'not judged',
  };
}

interface LiftOptions extends ConfigOption {
  readonly address?: string;
  readonly login?: string;
  readonly all?: true;
  readonly reason: string;
}

function liftCommand(): Command {
  return configured('lift')
    .description('forget the failed logins of an address, of a login, or of both together, and so end their bans')
    .option('--address <address>', 'an IPv4 or IPv6 address, or a network as it is listed')
    .option('--login <login>', 'a login, or a mark as it is listed')
    .option('--all', 'every failed login')
    .requiredOption(
      '--reason <text>',
      'why; kept in the audit',
      matching(/^[^\p{Cc}]{1,500}$/u, 'one line of 1 to 500 characters'),
    )
    .action(async (options: LiftOptions) => {
      const lift = liftOf(options);
      const lifted = await withStore(await settings(options), (db) => liftBans(db, lift));
      await print([`${lifted} lifted; each process knows of it within 5 seconds`]);
    });
}

function liftOf({ address, login, all, reason }: LiftOptions): Lift {
  const none = address === undefined && login === undefined;
  if (none !== (all === true)) throw new EngineError('usage_wrong', 'name --address, --login or both; or --all alone');
  return {
    ...(address !== undefined && { network: networkIn(address) }),
    ...(login !== undefined && { login: login.startsWith('#') ? login : scoredLogin(login) }),
    ...{ by: operator(), reason: maskInss(reason), now: systemClock() },
  };
}

/** The network that an address is scored under. Throws usage_wrong. */
function networkIn(text: string): string {
  const address = text.replace(/\/64$/, '');
  if (isIP(address) === 0) throw new EngineError('usage_wrong', '--address: must be an IPv4 or IPv6 address');
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  return networkOf(plainAddress(new SocketAddress({ address, family }).address));
}
