import { Service } from '../entities/service.js';
import { connectionOf } from './connection.js';

export const ServiceConnection = connectionOf(Service, 'Service');
