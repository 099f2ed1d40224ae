import { engineLife } from './engine-life.js';

engineLife(['mariadb', 'redis']);
