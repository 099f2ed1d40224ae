import { WebhookDelivery } from '../entities/webhook-delivery.js';
import { connectionOf } from './connection.js';

export const WebhookDeliveryConnection = connectionOf(WebhookDelivery, 'WebhookDelivery');
