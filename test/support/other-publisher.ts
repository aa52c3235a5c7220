import { provision } from '../../engine/registry/provision.ts';
import { EBOX_SCOPES } from '../../engine/registry/scopes.ts';
import { type Ebox, jsonOf } from './ebox.ts';
import { aPlannedOrganisation, aPlannedSender, writePlan } from './provisioning.ts';
import { CLIENT } from './web.ts';

/** Another organisation than that of the tests, with software that has every scope of the e-Box. */
export const OTHER = '0403019261';

const NUMBER = '654321';

/** Registers it, and asks for a token of its software, with these scopes or with all. @returns the answer to that. */
export async function addOtherPublisher({ engine, web }: Ebox, scope?: string): Promise<Record<string, string>> {
  const { dir, db, config, pki } = engine;
  const sender = aPlannedSender({
    ...{ number: NUMBER, login: 'andere', channels: ['webservice'], sshKeys: [], scopes: [...EBOX_SCOPES] },
    ...{ certificates: ['pki/other-sender.pem'] },
  });
  const plan = await writePlan(dir, [aPlannedOrganisation({ enterpriseNumber: OTHER }, [sender])], 'other.yaml');
  await provision(db, plan, new Date(), { goals: Object.keys(config.goals) });
  const client = CLIENT.replace('123456', NUMBER);
  const assertion = await web.assertion({ claims: { iss: client, sub: client } }, pki.otherSender.key);
  const wanted = scope === undefined ? [] : ['--data-urlencode', `scope=${scope}`];
  return jsonOf(await web.askToken(assertion, ...wanted));
}
