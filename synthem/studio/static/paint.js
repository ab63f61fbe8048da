// A picture on a canvas: greys, and the classes that are switched on in their colours over them.

/** Draw a picture of the server; `on(name)` says of a class whether it is shown, `opacity` is 0 to 1. */
export function paint(canvas, picture, on, opacity) {
  const { width, height, image, bits, classes } = picture;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  const out = context.createImageData(width, height);
  const shown = classes.map((one, bit) => ({ ...one, bit })).filter((one) => on(one.name));
  shown.sort((one, other) => one.above - other.above);
  const data = out.data;
  for (let k = 0; k < image.length; k += 1) {
    const grey = image[k];
    let red = grey;
    let green = grey;
    let blue = grey;
    const word = bits[k];
    if (word !== 0 && shown.length) {
      for (let s = shown.length - 1; s >= 0; s -= 1) {
        if ((word >>> shown[s].bit) & 1) {
          const colour = shown[s].colour;
          red += opacity * (colour[0] - grey);
          green += opacity * (colour[1] - grey);
          blue += opacity * (colour[2] - grey);
          break;
        }
      }
    }
    const at = 4 * k;
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
    data[at + 3] = 255;
  }
  context.putImageData(out, 0, 0);
}
