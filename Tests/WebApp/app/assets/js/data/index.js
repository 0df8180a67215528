export{connect}from'./server.js';
export {
  loadDataset, // never: export { loadDataset } from './never-trailing-comment.js';
} from /* not './never-inline-comment.js' */ "./dataset.js";
export * as lexical from './lexical.js';
