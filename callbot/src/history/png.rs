//! The chart as a PNG.

use std::sync::Arc;

use epaint_default_fonts::UBUNTU_LIGHT;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::Failure;

/// Pixels per SVG unit, for high-density screens.
const SCALE: f32 = 2.0;

/// Renders the SVG with an embedded font, since a server often has none. The font has Latin, Greek and Cyrillic
/// letters; others are left out.
pub(super) fn render(svg: &str) -> Result<Vec<u8>, Failure> {
    let mut fonts = Database::new();
    fonts.load_font_data(UBUNTU_LIGHT.to_vec());
    let options = Options {
        fontdb: Arc::new(fonts),
        font_family: "Ubuntu".to_owned(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size();
    let pixels = |length: f32| (length * SCALE).ceil() as u32;
    let mut pixmap = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or("there is no room for so large a picture")?;
    let scale = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    Ok(pixmap.encode_png()?)
}
