import { AuditEvent } from '../entities/audit-event.js';
import { connectionOf } from './connection.js';

export const AuditEventConnection = connectionOf(AuditEvent, 'AuditEvent');
