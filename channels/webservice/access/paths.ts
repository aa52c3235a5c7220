/** Where everything about access is. */
export const ACCESS_PATH = '/REST/access/v1';

/** Where the description of the interface is served. */
export const ACCESS_OPENAPI_PATH = `${ACCESS_PATH}/openapi.json`;

/** Where a provider sends people back to. */
export const CALLBACK_PATH = `${ACCESS_PATH}/sessions/oidc/callback`;
