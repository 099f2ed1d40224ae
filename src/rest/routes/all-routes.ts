import type { Route } from '../route.js';
import { ACCESS_ROUTES } from './access-routes.js';
import { ACCOUNT_ROUTES } from './account-routes.js';
import { DATABASE_ROUTES } from './database-routes.js';
import { DEPLOYMENT_ROUTES } from './deployment-routes.js';
import { ENV_GROUP_ROUTES } from './env-group-routes.js';
import { LOG_DRAIN_ROUTES } from './log-drain-routes.js';
import { LOG_ROUTES } from './log-routes.js';
import { SERVICE_ROUTES } from './service-routes.js';
import { TEAM_ROUTES } from './team-routes.js';

/** Every endpoint of the REST door. */
export const ROUTES: readonly Route[] = [...SERVICE_ROUTES, ...LOG_ROUTES, ...LOG_DRAIN_ROUTES, ...DEPLOYMENT_ROUTES, ...ACCOUNT_ROUTES, ...TEAM_ROUTES, ...ENV_GROUP_ROUTES, ...ACCESS_ROUTES, ...DATABASE_ROUTES];
