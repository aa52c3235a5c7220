import { problemResponses } from '../schemas.ts';

const text = (description: string, maxLength: number) => ({ type: 'string', description, maxLength });

const OAUTH_ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: text('What is wrong, as RFC 6749 names it', 100),
    error_description: text('A sentence', 500),
  },
};

/** How a token is asked for. */
export const TOKEN_SCHEMA = {
  tags: ['oauth'],
  summary: 'Ask for an access token with a signed assertion',
  description:
    'The assertion is a JWT of iss, sub (both self_service_chaman_NUMBER or self_service_expeditor_NUMBER), aud (this address), jti, iat and exp, signed with the key of a registered certificate (RS, PS or ES 256 to 512). Each is good once, for an hour at most.',
  security: [],
  consumes: ['application/x-www-form-urlencoded'],
  body: {
    type: 'object',
    required: ['grant_type', 'client_assertion_type', 'client_assertion'],
    properties: {
      grant_type: text('client_credentials', 100),
      client_assertion_type: text('urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 100),
      client_assertion: text('The signed JWT', 8_192),
      scope: text('Scopes with a space between; all that the sender may have when absent', 2_000),
    },
  },
  response: {
    200: {
      description: 'The token',
      type: 'object',
      required: ['access_token', 'token_type', 'expires_in', 'scope'],
      properties: {
        access_token: text('To be sent as Authorization: Bearer …', 4_096),
        token_type: { type: 'string', const: 'Bearer' },
        expires_in: { type: 'integer', description: 'Seconds' },
        scope: text('What the token is good for', 2_000),
      },
    },
    400: { description: 'The request is not one for a token', ...OAUTH_ERROR },
    401: { description: 'The assertion is not accepted', ...OAUTH_ERROR },
  },
};

/** How a token is looked at. */
export const INTROSPECTION_SCHEMA = {
  tags: ['oauth'],
  summary: 'Ask what an access token of one’s own is good for',
  consumes: ['application/x-www-form-urlencoded'],
  body: { type: 'object', required: ['token'], properties: { token: text('The token', 4_096) } },
  response: {
    200: {
      description: 'Whether it is good, and for what (RFC 7662)',
      type: 'object',
      required: ['active'],
      properties: {
        active: { type: 'boolean' },
        scope: { type: 'string' },
        client_id: { type: 'string' },
        sub: { type: 'string' },
        token_type: { type: 'string' },
        iss: { type: 'string' },
        aud: { type: 'string' },
        iat: { type: 'integer' },
        exp: { type: 'integer' },
        'urn:be:fgov:kbo-bce:organization:cbe-number': { type: 'string' },
      },
    },
    ...problemResponses([400, 401]),
  },
};
