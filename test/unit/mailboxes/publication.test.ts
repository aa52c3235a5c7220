import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  type DescribedPart,
  judge,
  type Publication,
  type Publishing,
  type ReceivedPart,
} from '../../../engine/mailboxes/publication.ts';
import { aMessageType, ENTERPRISE, INSTITUTION, typesOf } from '../../support/mailboxes.ts';

const SHA = createHash('sha256').update('x').digest();

const part = (with_: Partial<ReceivedPart> = {}): ReceivedPart => ({
  ...{ partName: 'upfile1', fileName: 'a.pdf', mediaType: 'application/pdf', sha256: SHA.toString('hex'), size: 10 },
  looksRight: true,
  ...with_,
});
const described = (with_: Partial<DescribedPart> = {}): DescribedPart => ({
  ...{ partName: 'upfile1', main: true, signed: false },
  ...with_,
});
const publication = (with_: Partial<Publication> = {}): Publication => ({
  ...{ recipient: { kind: 'enterprise', eboxId: ENTERPRISE.eboxId }, subject: { nl: 'Iets' }, messageType: 'attest' },
  ...{ bodyMain: false, registered: false, replyAllowed: false, businessData: [], attachments: [described()] },
  ...with_,
});
const RULES = { businessData: [{ key: 'quarter', names: {}, required: true, format: '\\d{4}Q[1-4]' }] };
const publishing = (with_: Partial<Publishing> = {}): Publishing => ({
  types: typesOf(
    aMessageType(),
    aMessageType({ id: 'quarterly', ...RULES }),
    aMessageType({ id: 'narrow', publishers: [{ organisation: INSTITUTION, applications: ['app'] }] }),
    aMessageType({ id: 'text', mainContent: 'body', audience: ['institution'] }),
    aMessageType({ id: 'reply', publishers: [], mainContent: 'either' }),
  ),
  ...{ applications: ['app', 'other'], organisations: [INSTITUTION], isReply: false, recipientKind: 'enterprise' },
  ...with_,
});

describe('judging a publication', () => {
  const codeOf = (asked: Partial<Publication>, parts = [part()], from: Partial<Publishing> = {}) => {
    const judged = judge(publication(asked), parts, publishing(from));
    return judged.kind === 'good' ? 'good' : judged.code;
  };

  it('takes what its type allows', () => {
    expect(judge(publication(), [part()], publishing())).to.deep.include({
      ...{ kind: 'good', organisation: INSTITUTION, application: '' },
    });
    expect(codeOf({ messageType: 'narrow', senderApplication: 'app' })).to.equal('good');
    expect(codeOf({ attachments: [described({ digest: SHA.toString('base64url') })] })).to.equal('good');
    const data = [{ key: 'quarter', values: [{ nl: '2026Q3' }] }];
    expect(codeOf({ messageType: 'quarterly', businessData: data })).to.equal('good');
  });

  const annex = described({ partName: 'upfile2', main: false });
  const quarter = (...values: string[]) => ({ key: 'quarter', values: values.map((nl) => ({ nl })) });
  const REFUSED: readonly [string, string, Partial<Publication>, ReceivedPart[]?, Partial<Publishing>?][] = [
    ['a type that there is not', 'INVALID_SENDER', { messageType: 'constructor' }],
    ['no type', 'INVALID_INPUT', { messageType: undefined } as never],
    ['a foreign organisation', 'INVALID_SENDER', { senderOrganisation: '0206731645' }],
    ['an application that there is not', 'INVALID_SENDER', { senderApplication: 'none' }],
    ['an application that may not', 'INVALID_SENDER', { messageType: 'narrow', senderApplication: 'other' }],
    ['no application where one is needed', 'INVALID_SENDER', { messageType: 'narrow' }],
    ['a reply type that is no reply', 'INVALID_SENDER', { messageType: 'reply' }],
    ['an unknown recipient', 'INVALID_INPUT', {}, [part()], { recipientKind: undefined }],
    ['a recipient that the type is not for', 'INVALID_INPUT', { messageType: 'text' }],
    ['an empty subject', 'INVALID_INPUT', { subject: { nl: ' ' } }],
    ['two languages', 'NOT_IMPLEMENTED', { subject: { nl: 'Iets', fr: 'Chose' } }],
    ['a body in another language', 'NOT_IMPLEMENTED', { body: { fr: 'Chose' } }],
    ['a long subject', 'INVALID_INPUT', { subject: { nl: 'x'.repeat(401) } }],
    ['a long name of the addressee', 'INVALID_INPUT', { attention: { name: 'x'.repeat(101) } }],
    ['registered mail', 'INVALID_INPUT', { registered: true }],
    ['an answer that the type does not allow', 'INVALID_INPUT', { replyAllowed: true }],
    ['foreign business data', 'INVALID_INPUT', { businessData: [quarter('2026Q3')] }],
    ['business data that is missing', 'INVALID_INPUT', { messageType: 'quarterly' }],
    ['a wrong format', 'INVALID_INPUT', { messageType: 'quarterly', businessData: [quarter('2026Q3x')] }],
    ['no value', 'INVALID_INPUT', { messageType: 'quarterly', businessData: [quarter()] }],
    ['data twice', 'INVALID_INPUT', { messageType: 'quarterly', businessData: [quarter('2026Q1'), quarter('2026Q1')] }],
    ['no main content', 'INVALID_INPUT', { attachments: [described({ main: false })] }],
    ['two main contents', 'INVALID_INPUT', { bodyMain: true, body: { nl: 'x' } }],
    ['a body that is not there', 'INVALID_INPUT', { messageType: 'text', bodyMain: true, attachments: [] }, []],
    ['more parts than described', 'INVALID_INPUT', {}, [part(), part({ partName: 'upfile2' })]],
    ['fewer parts than described', 'INVALID_INPUT', { attachments: [described(), annex] }],
    ['a part of another name', 'INVALID_INPUT', {}, [part({ partName: 'file' })]],
    ['one part twice', 'INVALID_INPUT', { attachments: [described(), described({ main: false })] }, [part(), part()]],
    ['no file name', 'INVALID_INPUT', {}, [part({ fileName: '' })]],
    ['a long file name', 'INVALID_INPUT', {}, [part({ fileName: `${'x'.repeat(252)}.pdf` })]],
    ['a media type that is not allowed', 'INVALID_INPUT', {}, [part({ mediaType: 'text/plain' })]],
    ['content that is something else', 'INVALID_INPUT', {}, [part({ looksRight: false })]],
    ['a part that is too large', 'INVALID_INPUT', {}, [part({ size: 2 ** 21 })]],
    ['a wrong digest', 'DIGEST_DO_NOT_MATCH', { attachments: [described({ digest: 'AAAA' })] }],
  ];
  for (const [what, code, asked, parts, from] of REFUSED) {
    it(`refuses ${what}`, () => {
      expect(codeOf(asked, parts, from)).to.equal(code);
    });
  }

  it('takes an answer under the type for answers, from whoever got the message', () => {
    const answer = { messageType: undefined, bodyMain: true, body: { nl: 'Ja' }, attachments: [] } as never;
    expect(codeOf(answer, [], { isReply: true, organisations: [ENTERPRISE.eboxId] })).to.equal('good');
  });

  it('sends citizens PDF only', () => {
    const recipient = { kind: 'citizen', eboxId: '85073003328' } as const;
    const types = typesOf(aMessageType({ mediaTypes: ['application/pdf', 'text/plain'] }));
    const from = { types, recipientKind: 'citizen' } as const;
    expect(codeOf({ recipient }, [part({ mediaType: 'text/plain' })], from)).to.equal('INVALID_INPUT');
    expect(codeOf({ recipient }, [part()], from)).to.equal('good');
  });
});
