import { Deployment } from '../entities/deployment.js';
import { connectionOf } from './connection.js';

export const DeploymentConnection = connectionOf(Deployment, 'Deployment');
