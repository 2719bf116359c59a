//! Shapes, sizes and colours.

use super::place::text_width;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Font sizes in plotters' own unit: a quarter larger than pixels.
pub(super) const TITLE: i32 = 18;
pub(super) const LABEL: i32 = 14;
pub(super) const SMALL: i32 = 12;
pub(super) const ROW: i32 = 14;

/// Okabe and Ito's colours for members, told apart by people with any colour vision; amber instead of their yellow.
pub(super) const MEMBERS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x99, 0x99, 0x99),
    RGBColor(0xF5, 0xC7, 0x10),
];
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const FAINT: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub(super) const GRID: RGBColor = RGBColor(0xE3, 0xE3, 0xE3);
pub(super) const STABLE: RGBColor = RGBColor(0xD9, 0xE8, 0xF2);
pub(super) const PREPARING: RGBColor = RGBColor(0xF5, 0xC7, 0x10);
pub(super) const COMPLETING: RGBColor = RGBColor(0xF2, 0xA8, 0x5E);
pub(super) const EMPTY: RGBColor = RGBColor(0xF4, 0xF4, 0xF4);
pub(super) const IDLE: RGBColor = RGBColor(0xE4, 0xEA, 0xEE);
pub(super) const STOPPING: RGBColor = RGBColor(0xB0, 0xB0, 0xB0);
pub(super) const REJECTED: RGBColor = RGBColor(0xC0, 0x00, 0x00);
pub(super) const REASON: RGBColor = RGBColor(0x80, 0x60, 0x00);
pub(super) const FAULT: RGBColor = RGBColor(0x8A, 0x3B, 0x00);

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Shapes by pixel. Errors of the backend cannot happen: it writes into a string.
pub(super) struct Canvas<'a, 'b> {
    pub(super) area: &'a Area<'b>,
}

impl Canvas<'_, '_> {
    pub(super) fn rect<S: Into<ShapeStyle>>(&self, x0: i32, y0: i32, x1: i32, y1: i32, style: S) {
        let _ = self.area.draw(&Rectangle::new([(x0, y0), (x1, y1)], filled(style)));
    }

    pub(super) fn frame(&self, x0: i32, y0: i32, x1: i32, y1: i32, color: RGBColor) {
        let _ = self.area.draw(&Rectangle::new([(x0, y0), (x1, y1)], color.stroke_width(1)));
    }

    pub(super) fn line(&self, from: (i32, i32), to: (i32, i32), color: RGBColor) {
        let _ = self.area.draw(&PathElement::new([from, to], color.stroke_width(1)));
    }

    /// `y` is the middle of the text.
    pub(super) fn text(&self, x: i32, y: i32, text: &str, size: i32, color: RGBColor, anchor: HPos) {
        let style = ("sans-serif", size).into_font().color(&color).pos(Pos::new(anchor, VPos::Center));
        let _ = self.area.draw(&Text::new(text.to_owned(), (x, y), style));
    }

    /// The same from `x` to the right, on white, so that lines behind it do not cross it out.
    pub(super) fn note(&self, x: i32, y: i32, text: &str, color: RGBColor) {
        self.rect(x - 1, y - ROW / 2 + 1, x + text_width(text, SMALL), y + ROW / 2 - 1, WHITE);
        self.text(x, y, text, SMALL, color, HPos::Left);
    }

    /// Diagonals over a rectangle.
    pub(super) fn hatch(&self, x0: i32, y0: i32, x1: i32, y1: i32, color: RGBColor) {
        let (height, step) = (y1 - y0, 8);
        let mut x = x0 - height;
        while x < x1 {
            let (a, b) = (x.max(x0), (x + height).min(x1));
            if b > a {
                self.line((a, y1 - (a - x)), (b, y1 - (b - x)), color);
            }
            x += step;
        }
    }
}

pub(super) fn filled<S: Into<ShapeStyle>>(style: S) -> ShapeStyle {
    let mut style = style.into();
    style.filled = true;
    style
}
