//! DER as a tree that can be changed: [`Tree`].

/// An element of definite length.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) tag: u8,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Octets(Vec<u8>),
    Elements(Vec<Tree>),
}

impl Tree {
    /// Reads what is known to be DER.
    pub(crate) fn parse(der: &[u8]) -> Self {
        let (tree, end) = Self::first(der);
        assert_eq!(end, der.len());
        tree
    }

    fn first(der: &[u8]) -> (Self, usize) {
        let (start, end) = extent(der);
        let content = if der[0] & 0x20 == 0 {
            Content::Octets(der[start..end].to_vec())
        } else {
            let (mut elements, mut at) = (Vec::new(), start);
            while at < end {
                let (element, len) = Self::first(&der[at..end]);
                elements.push(element);
                at += len;
            }
            Content::Elements(elements)
        };
        (Self { tag: der[0], content }, end)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let content = match &self.content {
            Content::Octets(octets) => octets.clone(),
            Content::Elements(elements) => elements.iter().flat_map(Self::encode).collect(),
        };
        element(self.tag, &content)
    }

    /// The element that is reached by these positions, one for each level.
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |tree, position| &mut tree.elements()[*position])
    }

    pub(crate) fn elements(&mut self) -> &mut Vec<Self> {
        match &mut self.content {
            Content::Elements(elements) => elements,
            Content::Octets(_) => panic!("a primitive element"),
        }
    }

    pub(crate) fn octets(&mut self) -> &mut Vec<u8> {
        match &mut self.content {
            Content::Octets(octets) => octets,
            Content::Elements(_) => panic!("a constructed element"),
        }
    }
}

/// Changes one place of what is known to be DER.
pub(crate) fn changed(der: &[u8], path: &[usize], change: impl FnOnce(&mut Tree)) -> Vec<u8> {
    let mut tree = Tree::parse(der);
    change(tree.at(path));
    tree.encode()
}

/// An element of definite length.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..0x80) => out.push(short),
        _ => {
            let digits: Vec<u8> =
                content.len().to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap());
            out.extend(digits);
        }
    }
    out.extend_from_slice(content);
    out
}

/// Where elements begin, where their contents begin and where they end.
pub(crate) fn structural_points(der: &[u8]) -> Vec<usize> {
    let (start, end) = extent(der);
    let mut points = vec![0, 1, start, end];
    if der[0] & 0x20 != 0 {
        let mut at = start;
        while at < end {
            points.extend(structural_points(&der[at..end]).into_iter().map(|point| at + point));
            at += extent(&der[at..end]).1;
        }
    }
    points.sort_unstable();
    points.dedup();
    points
}

/// Where the content of the first element begins and where it ends.
fn extent(der: &[u8]) -> (usize, usize) {
    let (digits, start) = match der[1] {
        short @ 0..0x80 => return (2, 2 + usize::from(short)),
        long => (usize::from(long & 0x7f), 2 + usize::from(long & 0x7f)),
    };
    let length = der[2..2 + digits].iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    (start, start + length)
}
