import { expect } from 'chai';
import { REGISTRY_V2 } from '../../channels/webservice/ebox/paths.ts';
import { changeOrganisationAccess } from '../../engine/registry/organisation-access.ts';
import { setSenderAccess } from '../../engine/registry/senders.ts';
import { type Ebox, OWN, startEbox } from '../support/ebox.ts';

const SENDER = '123456';

describe('software at the e-Box whose token is still good', function () {
  this.timeout(60_000);
  let ebox: Ebox;
  before(async () => {
    ebox = await startEbox();
  });
  after(() => ebox?.stop());

  it('sees and does nothing from the moment that it, or its organisation, is kept out', async () => {
    const { db } = ebox.engine;
    const state = (to: string) => db('senders').where({ number: SENDER }).update({ state: to });
    const bearer = await ebox.web.bearer();
    const statuses = async () => {
      const paths = ['/ebox', '/ebox/messages', '/referenceData/messageTypes'];
      const answers = paths.map((path) => ebox.web.curl(`${REGISTRY_V2}${path}`, ...bearer));
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    expect(await statuses()).to.deep.equal([200, 200, 200]);
    for (const [why, keepOut, letIn] of [
      ['suspended', () => state('suspended'), () => state('active')],
      ['blocked', () => setSenderAccess(db, SENDER, 'blocked'), () => setSenderAccess(db, SENDER, 'open')],
      [
        'its organisation blocked',
        () => changeOrganisationAccess(db, OWN, { access: 'blocked' }),
        () => changeOrganisationAccess(db, OWN, { access: 'open' }),
      ],
    ] as const) {
      await keepOut();
      expect(await statuses(), why).to.deep.equal([401, 401, 401]);
      await letIn();
      expect(await statuses(), `not ${why} any more`).to.deep.equal([200, 200, 200]);
    }
  });
});
