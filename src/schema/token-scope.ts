import { registerEnumType } from 'type-graphql';
import { TOKEN_SCOPES, type TokenScope } from '../context.js';

/** The scopes as an enum of the schema; their names are as the API's are, in small letters. */
export const TokenScopes = Object.fromEntries(TOKEN_SCOPES.map((scope) => [scope, scope])) as { [S in TokenScope]: S };
registerEnumType(TokenScopes, { name: 'TokenScope', description: 'What a token may be used for: admin covers deploy, which covers read.' });
