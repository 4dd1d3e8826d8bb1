import { type FrameLocator, expect } from '@playwright/test';

/** The remote screen that noVNC paints inside a stream's frame. */
export class Screen {
  readonly canvas;

  constructor(frame: FrameLocator) {
    this.canvas = frame.locator('#screen canvas');
  }

  /** Counts colours and digests a grid of pixels, on a copy, so that the page's own canvas keeps its ways. */
  #look(): Promise<{ colours: number; digest: string }> {
    return this.canvas.evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const pixels = new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
      let hash = 0;
      for (const pixel of pixels) hash = (hash * 31 + pixel) | 0;
      return { colours: new Set(pixels).size, digest: `${width}x${height}:${hash}` };
    });
  }

  /** How many different colours there are: 1 on a blank canvas. */
  async colours(): Promise<number> {
    return (await this.#look()).colours;
  }

  /** Changes when any pixel does. */
  async picture(): Promise<string> {
    return (await this.#look()).digest;
  }

  size(): Promise<{ width: number; height: number }> {
    return this.canvas.evaluate((canvas: HTMLCanvasElement) => ({ width: canvas.width, height: canvas.height }));
  }

  /** More than a flat colour is to be seen. */
  async isPainted(colours = 8) {
    await expect.poll(() => this.colours(), { timeout: 30_000 }).toBeGreaterThan(colours);
  }

  /** Clicks at a place of the remote screen; negative values count from the far edge. */
  async click(x: number, y: number) {
    const box = await this.canvas.boundingBox();
    if (!box) throw new Error('the canvas is not to be seen');
    await this.canvas.click({ position: { x: x < 0 ? box.width + x : x, y: y < 0 ? box.height + y : y } });
  }
}
