import { expect } from 'chai';
import { readBounce } from '../../../engine/outbound/bounce.ts';

const ID = '92d2359c-e5ab-48d4-b3f7-2da2d2b55cdc';

/** As Postfix 3.7 sends it. */
const notification = ({
  action = 'failed',
  envelope = `Original-Envelope-Id: ${ID}\n`,
  id = ID,
} = {}) => `Return-Path: <>
From: MAILER-DAEMON@mx.kiosk.example (Mail Delivery System)
Message-Id: <20261126133838.A1B2C168014@mx.kiosk.example>
Content-Type: multipart/report; report-type=delivery-status;
	boundary="96C9B168013.1795700318/mx.kiosk.example"

--96C9B168013.1795700318/mx.kiosk.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.kiosk.example
${envelope}Arrival-Date: Thu, 26 Nov 2026 13:38:38 +0000 (UTC)

Final-Recipient: rfc822; nosuchuserhere@kiosk.example
Action: ${action}
Status: 5.1.1
Diagnostic-Code: X-Postfix; unknown user:
    "nosuchuserhere"

--96C9B168013.1795700318/mx.kiosk.example
Content-Type: text/rfc822-headers

Message-ID: <${id}@kiosk.example>
Subject: e-Box: 300 nieuwe berichten

--96C9B168013.1795700318/mx.kiosk.example--
`;

describe('readBounce', () => {
  it('finds the delivery by its envelope id', () => {
    const answer = '5.1.1 X-Postfix; unknown user: "nosuchuserhere"';
    expect(readBounce(notification({ id: 'x' }))).to.deep.equal({ id: ID, answer });
    expect(readBounce(notification().replaceAll('\n', '\r\n'))).to.deep.equal({ id: ID, answer });
  });

  it('finds it by the Message-ID of what came back', () => {
    expect(readBounce(notification({ envelope: '' }))).to.include({ id: ID });
  });

  it('takes nothing else for a bounce', () => {
    expect(readBounce(notification({ action: 'delayed' }))).to.equal(undefined);
    expect(readBounce(notification({ envelope: '', id: 'x' }))).to.equal(undefined);
    expect(readBounce(`Subject: Action: failed\n\nAction: failed\nMessage-ID: <${ID}@kiosk.example>\n`)).to.equal(
      undefined,
    );
    expect(readBounce('')).to.equal(undefined);
  });
});
