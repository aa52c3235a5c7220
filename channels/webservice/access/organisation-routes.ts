import { auditOf } from '../../../engine/registry/audit-view.ts';
import { USER_READINGS } from '../../../engine/registry/organisation-access.ts';
import {
  activateQuality,
  changeSettings,
  deactivateQuality,
  overviewOf,
} from '../../../engine/registry/organisation-acts.ts';
import { qualityIsInUse } from '../../../engine/registry/senders.ts';
import type { Asked } from './callers.ts';
import type { AccessDeps, AddRoute } from './routes.ts';
import { AUDIT, ORGANISATION, object, text } from './schemas.ts';
import { organisationView } from './views.ts';

const SETTINGS_BODY = object({
  passwordSignIn: { type: 'boolean', description: 'Whether user name and password are taken' },
  userReading: { type: 'string', enum: USER_READINGS, description: 'What users read that is not protected' },
});
const QUALITY = object({ quality: text('Its code', 40) });
const PAGE = object({
  before: { type: 'integer', minimum: 1, description: 'Older than this line' },
  pageSize: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
});

/** The organisation, its qualities, and what was done in it. */
export function organisationRoutes(add: AddRoute, { qualities }: AccessDeps): void {
  const tag = 'organisation';
  const good = [200, ORGANISATION] as const;
  const shown = (asked: Asked) =>
    asked.look('see the organisation', asked.enterpriseNumber, async (acting) =>
      organisationView(await overviewOf(acting, asked.enterpriseNumber)),
    );
  const qualityOf = ({ request }: Asked) => (request.params as { quality: string }).quality;

  add('GET', '/organisation', { tag, summary: 'The organisation and its qualities', good }, shown);
  add('PATCH', '/organisation', { tag, summary: 'Change settings', body: SETTINGS_BODY, good }, async (asked) => {
    const settings = asked.request.body as object;
    await asked.act('change settings', asked.enterpriseNumber, (acting) =>
      changeSettings(acting, asked.enterpriseNumber, settings),
    );
    return shown(asked);
  });
  add(
    'PUT',
    '/organisation/qualities/:quality',
    { tag, summary: 'Activate a quality', params: QUALITY, good },
    async (asked) => {
      const code = qualityOf(asked);
      await asked.act('activate a quality', code, (acting) =>
        activateQuality(acting, asked.enterpriseNumber, code, qualities),
      );
      return shown(asked);
    },
  );
  add(
    'DELETE',
    '/organisation/qualities/:quality',
    { tag, summary: 'De-activate a quality', params: QUALITY, good },
    async (asked) => {
      const code = qualityOf(asked);
      await asked.act('de-activate a quality', code, async (acting) => {
        const inUse = await qualityIsInUse(acting.tx, asked.enterpriseNumber, code);
        await deactivateQuality(acting, asked.enterpriseNumber, code, inUse);
      });
      return shown(asked);
    },
  );
  add(
    'GET',
    '/audit',
    { tag: 'audit', summary: 'What was done, newest first', querystring: PAGE, good: [200, AUDIT] },
    (asked) =>
      asked.look('see the audit', asked.enterpriseNumber, async (acting) => {
        const { before, pageSize: limit } = asked.request.query as { before?: number; pageSize: number };
        const lines = await auditOf(acting, asked.enterpriseNumber, { limit, ...(before !== undefined && { before }) });
        const items = lines.map(({ id: _, facts, ...line }) => ({ ...line, facts: JSON.parse(facts) }));
        return { items, next: lines.length === limit ? (lines.at(-1)?.id ?? null) : null };
      }),
  );
}
