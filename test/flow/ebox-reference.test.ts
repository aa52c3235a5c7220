import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { EVENTS_BASE, FEDERATION, REGISTRY_V2 } from '../../channels/webservice/ebox/paths.ts';
import { aPublication, type Ebox, jsonOf, OWN, PDF, startEbox } from '../support/ebox.ts';
import type { WebAnswer } from '../support/web.ts';

const reference = process.env['BODE_REFERENCE'];

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: object }[];
  readonly responses: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  items?: Schema;
}

interface SwaggerFile {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** How an operation is called, and the status that its answer must have. */
type Call = () => Promise<readonly [number, WebAnswer]>;

(reference === undefined ? describe.skip : describe)(
  'the e-Box interfaces, by the files of the authority',
  function () {
    this.timeout(60_000);
    let ebox: Ebox;
    before(async () => {
      ebox = await startEbox();
    });
    after(() => ebox.stop());

    const v2 = (path: string, ...args: string[]) => ebox.call(REGISTRY_V2 + path, ...args);
    let messageId: string;

    /** A message with everything that one can have. */
    async function publishAll() {
      const digest = { digestMethod: 'sha_256', digestValue: createHash('sha256').update(PDF).digest('base64url') };
      const description = aPublication({
        ...{ subject: { nl: 'Café De Hoek' }, messageTypeId: 'attest', senderApplicationId: 'attests' },
        ...{ senderOrganizationId: OWN, registeredMail: true, replyAuthorized: true, bodyContent: { nl: 'Beste' } },
        ...{
          forTheAttentionOf: { id: '85073003328', type: 'INSS', name: 'An' },
          expirationDate: '2026-12-01T00:00:00Z',
        },
        businessDataList: [{ key: 'place', values: [{ nl: 'Gent' }, { nl: 'Luik' }] }],
        paymentData: {
          ...{ paymentDataId: 'p1', amount: 10.5, vatAmount: 2.2, currency: 'EUR', dueDate: '2027-01-01T00:00:00Z' },
          ...{ iban: 'BE68539007547034', bic: 'GKCCBEBB', reference: { structured: '+++090/9337/55493+++' } },
        },
        attachments: [
          {
            httpPartName: 'upfile1',
            mainContent: true,
            attachmentTitle: { nl: 'Brief' },
            digest,
            attachmentSigned: true,
          },
          { httpPartName: 'upfile2', mainContent: false },
        ],
      });
      const files = { upfile1: 'letter.pdf;type=application/pdf', upfile2: 'annex.txt;type=text/plain' };
      return ebox.publish(`${REGISTRY_V2}/publishMessage`, description, files);
    }

    const couple = () => ({ messageId, eboxId: { eboxType: 'enterprise', eboxIdValue: OWN } });
    const imageOf = async (kind: string, id: string, logos: string) => {
      const [image] = jsonOf(await v2(`/referenceData/${kind}/${id}`))[logos];
      return v2(`/referenceData/${kind}/${id}/images/${image.imageId}/content`);
    };
    const FILTERS =
      'receivedBefore=2100-01-01&receivedAfter=2020-01-01&expiredBefore=2100-01-01&expiredAfter=2020-01-01';

    const registry: Readonly<Record<string, Call>> = {
      'post /publishMessage': async () => {
        const answer = await publishAll();
        messageId = jsonOf(answer).messageId;
        return [201, answer];
      },
      'get /ebox': async () => [200, await v2('/ebox')],
      'get /ebox/messages': async () => {
        const about = `messageTypeId=attest&senderOrganizationId=${OWN}&senderApplicationId=attests&registeredMail=true`;
        const answer = await v2(
          `/ebox/messages?page=1&pageSize=10&${FILTERS}&readStatus=false&visible=true&${about}&q=CAFE&qlang=nl`,
        );
        expect(jsonOf(answer)).to.have.property('totalItems', 1);
        return [200, answer];
      },
      'patch /ebox/messages': async () => [
        200,
        await ebox.send(`${REGISTRY_V2}/ebox/messages`, { items: [{ messageId, visible: false }] }, 'PATCH'),
      ],
      'get /ebox/messages/{messageId}': async () => [200, await v2(`/ebox/messages/${messageId}`)],
      'get /ebox/messages/{messageId}/attachments': async () => [
        200,
        await v2(`/ebox/messages/${messageId}/attachments`),
      ],
      'get /ebox/messages/{messageId}/attachments/{attachmentId}': async () => [
        200,
        await v2(`/ebox/messages/${messageId}/attachments/1`),
      ],
      'get /ebox/messages/{messageId}/attachments/{attachmentId}/content': async () => {
        const answer = await v2(`/ebox/messages/${messageId}/attachments/1/content`);
        expect(answer.body).to.equal(PDF.toString());
        return [200, answer];
      },
      'get /ebox/messages/{messageId}/body': async () => [200, await v2(`/ebox/messages/${messageId}/body`)],
      'get /ebox/messages/{messageId}/paymentData': async () => [
        200,
        await v2(`/ebox/messages/${messageId}/paymentData`),
      ],
      'post /linkEboxMessage': async () => {
        const recipients = [couple().eboxId, { eboxType: 'enterprise', eboxIdValue: '0884303369' }];
        return [201, await ebox.send(`${REGISTRY_V2}/linkEboxMessage`, { messageId, recipients })];
      },
      'post /searchMessageStatus': async () => [201, await ebox.send(`${REGISTRY_V2}/searchMessageStatus`, [couple()])],
      'get /referenceData/messageTypes': async () => [200, await v2('/referenceData/messageTypes?page=1&pageSize=2')],
      'get /referenceData/messageTypes/{messageTypeId}': async () => [
        200,
        await v2('/referenceData/messageTypes/attest'),
      ],
      'get /referenceData/senderApplications': async () => [200, await v2('/referenceData/senderApplications')],
      'get /referenceData/senderApplications/{senderApplicationId}': async () => [
        200,
        await v2('/referenceData/senderApplications/attests'),
      ],
      'get /referenceData/senderApplications/{senderApplicationId}/images/{imageId}/content': async () => [
        200,
        await imageOf('senderApplications', 'attests', 'applicationLogos'),
      ],
      'get /referenceData/senderOrganizations': async () => [200, await v2('/referenceData/senderOrganizations')],
      'get /referenceData/senderOrganizations/{senderOrganizationId}': async () => [
        200,
        await v2(`/referenceData/senderOrganizations/${OWN}`),
      ],
      'get /referenceData/senderOrganizations/{senderOrganizationId}/images/{imageId}/content': async () => [
        200,
        await imageOf('senderOrganizations', OWN, 'organizationLogos'),
      ],
    };

    const EVENTS = `${EVENTS_BASE}/ebox/enterprise/document/events`;
    const AN_EVENT = {
      ...{ eventType: 'newDocument', enterpriseId: OWN, messageId: 'elsewhere-1', registeredMail: false },
      ...{ receiptDate: '2026-06-01T10:00:00Z', expirationDate: '2026-12-01T10:00:00Z', eventCorrelationId: 'c1' },
    };
    const events: Readonly<Record<string, Call>> = {
      'post /ebox/enterprise/document/events': async () => [201, await ebox.send(`${EVENTS}?clientId=me`, [AN_EVENT])],
      'get /ebox/enterprise/document/events': async () => {
        const query = 'clientId=me&lastSequenceNbr=0&startTime=2020-01-01T00:00:00Z&pageSize=100&filter=x';
        const answer = await ebox.call(`${EVENTS}?${query}`);
        const told = jsonOf(answer).EboxEnterpriseDocumentEvents;
        expect(told.map((one: { eventSequenceNbr: number }) => one.eventSequenceNbr)).to.deep.equal([1, 2, 3]);
        expect(told.map((one: { eventData: { eventType: string } }) => one.eventData.eventType)).to.deep.equal([
          ...['newDocument', 'readDocument', 'newDocument'],
        ]);
        return [200, answer];
      },
    };

    const federated = (path: string, ...args: string[]) => ebox.call(FEDERATION + path, ...args);
    const federation: Readonly<Record<string, Call>> = {
      'get /api': async () => [200, await federated('/api')],
      'options /api': async () => [200, await federated('/api', '-X', 'OPTIONS')],
      'get /api/doc': async () => [200, await federated('/api/doc')],
      'get /api/doc/jsonSchemas/{jsonSchema}': async () => [
        200,
        await federated('/api/doc/jsonSchemas/EboxPreferences'),
      ],
      'get /api/doc/swagger.json': async () => [200, await federated('/api/doc/swagger.json')],
      'post /eboxPreferences/search': async () => {
        const wanted = { eboxType: 'ENTERPRISE', eboxIdType: 'EnterpriseNumber', eboxIdValueList: [OWN, '0884303369'] };
        return [200, await ebox.send(`${FEDERATION}/eboxPreferences/search`, wanted)];
      },
      'patch /eboxPreferences': async () => {
        const wish = { eboxId: { eboxType: 'ENTERPRISE', eboxIdValue: OWN }, exclusivelyEbox: true };
        return [200, await ebox.send(`${FEDERATION}/eboxPreferences`, wish, 'PATCH')];
      },
      'get /messageProviders': async () => [200, await federated('/messageProviders')],
      'get /messageProviders/{messageProviderId}': async () => [200, await federated('/messageProviders/bode')],
      'patch /messageProviders/{messageProviderId}': async () => {
        const maintenance = [{ startDate: '2027-01-01T08:00:00Z', endDate: '2027-01-01T20:00:00Z' }];
        const change = { messageProviderPlannedMaintenance: maintenance };
        return [200, await ebox.send(`${FEDERATION}/messageProviders/bode`, change, 'PATCH')];
      },
    };

    const FILES = [
      ['e-Box-Enterprise-swagger-v2.1-AP-Public.yaml', registry],
      ['ebox-enterprise-event-api-1.1.1.yaml', events],
      ['ebox-federation-1.3.yaml', federation],
    ] as const;

    for (const [name, calls] of FILES) {
      it(`${name}: every operation is called, each answer is as the file says`, async () => {
        const file = readSwagger(name);
        const operations = operationsOf(file);
        expect(Object.keys(calls)).to.have.members([...operations.keys()]);
        for (const [operation, call] of Object.entries(calls)) {
          const [status, answer] = await call();
          expect(answer.status, `${operation}: ${answer.body}`).to.equal(status);
          expectValid(file, operation, operations.get(operation)?.responses[status]?.schema, answer);
        }
      });
    }

    it('answers what is wrong with the status and the message that the files have for it', async () => {
      const file = readSwagger(FILES[0][0]);
      const nobody = (path: string) => ebox.web.curl(REGISTRY_V2 + path);
      const wrong: readonly [number, string, WebAnswer][] = [
        [400, 'INVALID_INPUT', await v2('/ebox/messages?page=0')],
        [400, 'INVALID_INPUT', await v2('/ebox/messages?q=x')],
        [400, 'INVALID_INPUT', await v2('/ebox/messages?receivedAfter=yesterday')],
        [400, 'INVALID_INPUT', await v2('/ebox/messages?pagesize=3')],
        [401, 'NO_ACCESS_TOKEN', await nobody('/ebox')],
        [404, 'NOT_FOUND', await v2('/ebox/messages/nothing')],
        [404, 'NOT_FOUND', await v2(`/ebox/messages/${messageId}/attachments/9`)],
        [404, 'NOT_FOUND', await v2('/referenceData/messageTypes/constructor')],
        [404, 'NOT_FOUND', await v2('/ebox', '-H', 'On-Behalf-Of-Enterprise-Number: 0884303369')],
        [404, 'NOT_FOUND', await v2('/ebox/messages', '-H', 'On-Behalf-Of-Enterprise-Number: 0884303369')],
        [404, 'NOT_FOUND', await ebox.send(`${REGISTRY_V2}/searchMessageStatus`, [{ ...couple(), messageId: 'x' }])],
        [400, 'INVALID_INPUT', await ebox.send(`${REGISTRY_V2}/searchMessageStatus`, [{ messageId: null }])],
        [
          404,
          'NOT_FOUND',
          await ebox.send(`${REGISTRY_V2}/ebox/messages`, { items: [{ messageId: 'x', visible: true }] }, 'PATCH'),
        ],
      ];
      for (const [status, code, answer] of wrong) {
        expect([answer.status, jsonOf(answer).code], answer.body).to.deep.equal([status, code]);
        expectValid(file, code, { $ref: '#/definitions/StatusMessage' }, answer);
        expect(jsonOf(answer)).to.include({ environment: 'test', contact: 'helpdesk@example.be' });
      }
      const repeated = await ebox.send(EVENTS, [AN_EVENT]);
      expect(repeated.status).to.equal(409);
    });
  },
);

function readSwagger(name: string): SwaggerFile {
  const documents = parseAllDocuments(readFileSync(join(reference ?? '', name), 'utf8')).map((one) => one.toJS());
  const file = documents.find((document) => document?.swagger !== undefined);
  return { ...file, definitions: Object.fromEntries(Object.entries<Schema>(file.definitions).map(closed)) };
}

/** Nothing may be said that the file does not know. */
function closed([name, schema]: [string, Schema]): [string, Schema] {
  return [name, schema.properties ? { ...schema, additionalProperties: false } : schema];
}

function operationsOf({ paths }: SwaggerFile): Map<string, Operation> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
    ),
  );
}

function expectValid(file: SwaggerFile, what: string, schema: Schema | undefined, { body }: WebAnswer): void {
  if (!schema?.$ref && schema?.type !== 'array') return; // bytes, or nothing
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'file', definitions: file.definitions });
  const local = JSON.parse(JSON.stringify(schema).replaceAll('#/definitions', 'file#/definitions'));
  const validate: ValidateFunction = ajv.compile(local);
  expect(validate(JSON.parse(body)), `${what}: ${JSON.stringify(validate.errors)} in ${body}`).to.equal(true);
}
