//! The type that `llama-quantize` gives each tensor, so that a published quantisation weighs exactly
//! what its file does. Follows `llama_tensor_get_type` of llama.cpp at b11434. Files quantised by an
//! older llama.cpp can differ by a few tensors; files whose publisher chose types of his own
//! (`UD-Q4_K_XL`) follow no recipe.

use super::dimensions::Dimensions;
use super::layout::{Category, Full, Part};
use super::tensor_type::TensorType;

/// Bits that a quantisation is called by: `Q4_K_M` → 4. `None` for a name without a number.
pub fn nominal_bits(quant: &str) -> Option<u64> {
    let from = quant.bytes().position(|byte| byte.is_ascii_digit())?;
    let digits = &quant[from..];
    let end = digits.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

macro_rules! mixes {
    ($($mix:ident $name:literal $base:ident;)*) => {
        /// A quantisation by llama.cpp's rules.
        #[allow(non_camel_case_types, reason = "names as files have them")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mix { $($mix),* }

        impl Mix {
            /// Case does not matter; `None` for a name that no rule goes by.
            pub fn by_name(name: &str) -> Option<Mix> {
                match name.to_ascii_uppercase().as_str() {
                    $($name => Some(Mix::$mix),)*
                    _ => None,
                }
            }

            pub fn name(self) -> &'static str {
                match self { $(Mix::$mix => $name,)* }
            }

            fn base(self) -> Type {
                match self { $(Mix::$mix => Type::$base,)* }
            }
        }
    };
}

mixes! {
    F32 "F32" F32;
    F16 "F16" F16;
    BF16 "BF16" BF16;
    Q8_0 "Q8_0" Q8_0;
    Q6_K "Q6_K" Q6_K;
    Q5_K_M "Q5_K_M" Q5_K;
    Q5_K_S "Q5_K_S" Q5_K;
    Q5_1 "Q5_1" Q5_1;
    Q5_0 "Q5_0" Q5_0;
    Q4_K_M "Q4_K_M" Q4_K;
    Q4_K_S "Q4_K_S" Q4_K;
    IQ4_NL "IQ4_NL" IQ4_NL;
    IQ4_XS "IQ4_XS" IQ4_XS;
    MXFP4 "MXFP4" MXFP4;
    MXFP4_MOE "MXFP4_MOE" MXFP4;
    Q4_1 "Q4_1" Q4_1;
    Q4_0 "Q4_0" Q4_0;
    Q3_K_L "Q3_K_L" Q3_K;
    Q3_K_M "Q3_K_M" Q3_K;
    IQ3_M "IQ3_M" IQ3_S;
    IQ3_S "IQ3_S" IQ3_S;
    Q3_K_S "Q3_K_S" Q3_K;
    IQ3_XS "IQ3_XS" IQ3_S;
    IQ3_XXS "IQ3_XXS" IQ3_XXS;
    Q2_K "Q2_K" Q2_K;
    Q2_K_S "Q2_K_S" Q2_K;
    IQ2_M "IQ2_M" IQ2_S;
    IQ2_S "IQ2_S" IQ2_XS;
    IQ2_XS "IQ2_XS" IQ2_XS;
    IQ2_XXS "IQ2_XXS" IQ2_XXS;
    IQ1_M "IQ1_M" IQ1_M;
    IQ1_S "IQ1_S" IQ1_S;
}

/// Types that recipes give, by ggml's numbers.
#[allow(non_camel_case_types, reason = "names as ggml has them")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    IQ2_XXS = 16,
    IQ2_XS = 17,
    IQ3_XXS = 18,
    IQ1_S = 19,
    IQ4_NL = 20,
    IQ3_S = 21,
    IQ2_S = 22,
    IQ4_XS = 23,
    IQ1_M = 29,
    BF16 = 30,
    MXFP4 = 39,
}

impl Type {
    fn ggml(self) -> TensorType {
        TensorType::by_id(self as u32).expect("ggml has these types")
    }

    /// Taken where a row is not whole blocks.
    fn fallback(self) -> Type {
        match self {
            Type::Q4_K => Type::Q5_0,
            Type::Q5_K => Type::Q5_1,
            Type::Q6_K => Type::Q8_0,
            Type::Q2_K | Type::Q3_K => Type::Q4_0,
            Type::IQ4_XS | Type::IQ3_S | Type::IQ3_XXS | Type::IQ2_S | Type::IQ2_XS | Type::IQ2_XXS => {
                Type::IQ4_NL
            }
            Type::IQ1_S | Type::IQ1_M => Type::IQ4_NL,
            _ => Type::F16,
        }
    }
}

/// One quantisation of one model. Tensors are to be asked for in the order of their layers.
pub struct Recipe {
    mix: Mix,
    /// Made with an importance matrix.
    imatrix: bool,
    n_layer: u64,
    /// Values' tensors of all layers, and those seen so far.
    n_values: u64,
    seen_values: u64,
    seen_down: u64,
    n_gqa: u64,
    n_expert: u64,
    tied: bool,
    /// The 80 layers of llama-like models with grouped heads get more bits for their values.
    seventy: bool,
}

impl Recipe {
    pub fn new(d: &Dimensions, parts: &[Part], mix: Mix, imatrix: bool) -> Recipe {
        let values = [Category::Value, Category::FusedQkv];
        let grouped = d.n_head != d.heads_kv();
        // llama.cpp reads the first layer: a hybrid whose first layer keeps a state has no heads there.
        let listed = d.state.as_ref().is_some_and(|state| !state.attention.is_empty() && !d.attends(0));
        let n_gqa = match &d.latent {
            _ if listed => 0,
            Some(latent) if !latent.joint => d.n_head,
            _ => d.n_head / d.heads_kv(),
        };
        Recipe {
            mix,
            imatrix,
            n_layer: d.n_layer,
            n_values: parts.iter().filter(|part| values.contains(&part.category)).count() as u64,
            seen_values: 0,
            seen_down: 0,
            n_gqa,
            n_expert: d.experts.as_ref().map_or(0, |experts| experts.count),
            tied: !parts.iter().any(|part| part.category == Category::Output),
            seventy: d.n_layer == 80 && (d.architecture == "qwen2" || (d.architecture == "llama" && grouped)),
        }
    }

    pub fn kind(&mut self, part: &Part) -> TensorType {
        let half = if self.mix == Mix::F16 { Type::F16 } else { Type::BF16 };
        match part.full {
            Some(Full::Single) => return Type::F32.ggml(),
            Some(Full::Half) if self.mix != Mix::F32 => return half.ggml(),
            _ => {}
        }
        let mut kind = match self.mix {
            Mix::F32 | Mix::F16 | Mix::BF16 => self.mix.base(),
            _ => self.mixed(part),
        };
        let row = part.dims()[0];
        if !row.is_multiple_of(kind.ggml().block) {
            kind = kind.fallback();
            if !row.is_multiple_of(kind.ggml().block) {
                kind = Type::F16;
            }
        }
        kind.ggml()
    }

    fn mixed(&mut self, part: &Part) -> Type {
        use Mix::*;
        let base = self.mix.base();
        let end = part.category == Category::Output || (self.tied && part.category == Category::Embedding);
        if end {
            return match self.mix {
                _ if !part.dims()[0].is_multiple_of(base.ggml().block) => Type::Q8_0,
                MXFP4 | MXFP4_MOE | Q8_0 => Type::Q8_0,
                IQ2_XXS | IQ2_XS | IQ3_XXS | IQ1_S | IQ2_S | IQ2_M | IQ1_M => Type::Q5_K,
                _ => Type::Q6_K,
            };
        }
        if matches!(self.mix, MXFP4 | MXFP4_MOE) {
            return if part.dims().len() > 2 { Type::MXFP4 } else { Type::Q8_0 };
        }
        match part.category {
            Category::Embedding => match self.mix {
                IQ2_XXS | IQ2_XS | IQ1_S | IQ1_M => Type::Q2_K,
                IQ2_S | IQ2_M | IQ3_XXS => Type::IQ3_S,
                _ => base,
            },
            _ if matches!(self.mix, IQ2_XXS | IQ2_XS | IQ1_S | IQ2_S | IQ2_M | IQ1_M) => {
                self.tiny(part, base)
            }
            Category::Value | Category::FusedQkv => self.value(base),
            Category::Key if self.n_expert == 8 => Type::Q8_0,
            Category::Key | Category::Query => match self.mix {
                IQ3_XS => Type::IQ3_XXS,
                IQ3_XXS => Type::IQ2_S,
                _ => base,
            },
            Category::Down => self.down(part, base),
            Category::AttentionOutput => self.attention_output(base),
            Category::Gate | Category::Up => {
                let n = self.n_layer;
                let layer = part.layer.unwrap_or(0);
                if self.mix == IQ3_XS && (n / 8..7 * n / 8).contains(&layer) { Type::IQ3_XXS } else { base }
            }
            _ => base,
        }
    }

    /// Around two bits.
    fn tiny(&mut self, part: &Part, base: Type) -> Type {
        use Mix::*;
        let wider = if matches!(self.mix, IQ2_S | IQ2_M) { Type::IQ3_S } else { Type::Q2_K };
        match part.category {
            Category::Value | Category::FusedQkv => {
                if self.n_gqa >= 4 || self.n_expert >= 4 {
                    Type::Q4_K
                } else {
                    wider
                }
            }
            Category::Key if self.n_expert == 8 => Type::Q4_K,
            Category::Down => {
                let at = self.seen_down;
                self.seen_down += 1;
                if at < self.n_layer / 8 { wider } else { base }
            }
            Category::AttentionOutput if self.n_expert == 8 => Type::Q5_K,
            Category::AttentionOutput => match self.mix {
                IQ1_S | IQ1_M => Type::IQ2_XXS,
                IQ2_S | IQ2_M => Type::IQ3_S,
                _ => base,
            },
            _ => base,
        }
    }

    fn value(&mut self, base: Type) -> Type {
        use Mix::*;
        let (at, grouped) = (self.seen_values, self.n_gqa >= 4);
        self.seen_values += 1;
        let kind = match self.mix {
            Q2_K => {
                if grouped {
                    Type::Q4_K
                } else {
                    Type::Q3_K
                }
            }
            Q2_K_S | IQ3_XS | IQ3_S | IQ3_XXS if grouped => Type::Q4_K,
            IQ3_XXS if !self.imatrix => Type::IQ3_S,
            IQ3_M => Type::Q4_K,
            Q3_K_M => {
                if at < 2 {
                    Type::Q5_K
                } else {
                    Type::Q4_K
                }
            }
            Q3_K_L => Type::Q5_K,
            IQ4_NL | IQ4_XS if grouped => Type::Q5_K,
            Q4_K_M | Q5_K_M if more_bits(at, self.n_values) => Type::Q6_K,
            Q4_K_S if at < 4 => Type::Q5_K,
            _ => base,
        };
        match kind {
            _ if self.n_expert == 8 => Type::Q8_0,
            Type::Q3_K | Type::Q4_K if self.seventy => Type::Q5_K,
            kind => kind,
        }
    }

    fn down(&mut self, part: &Part, base: Type) -> Type {
        use Mix::*;
        // A model with experts counts layers, any other the tensors seen.
        let at = if self.n_expert > 1 { part.layer.unwrap_or(0) } else { self.seen_down };
        self.seen_down += 1;
        let (n, early) = (self.n_layer, at < self.n_layer / 8);
        match self.mix {
            Q2_K => Type::Q3_K,
            Q2_K_S if early => Type::Q4_K,
            IQ3_XXS if !self.imatrix => {
                if early {
                    Type::Q4_K
                } else {
                    Type::Q3_K
                }
            }
            Q3_K_M => {
                if at < n / 16 {
                    Type::Q5_K
                } else {
                    Type::Q4_K
                }
            }
            IQ3_M if early || (self.n_expert == 8 && more_bits(at, n)) => Type::Q4_K,
            Q3_K_L => Type::Q5_K,
            Q4_K_M | Q5_K_M if more_bits(at, n) => Type::Q6_K,
            IQ4_NL | IQ4_XS if early && !self.imatrix => Type::Q5_K,
            Q4_K_S if early => Type::Q5_K,
            Q4_0 if early && self.imatrix => Type::Q4_1,
            Q5_0 if early && self.imatrix => Type::Q5_1,
            _ => base,
        }
    }

    fn attention_output(&self, base: Type) -> Type {
        use Mix::*;
        if self.n_expert == 8 {
            return match self.mix {
                Q2_K | IQ3_XS | IQ3_XXS | Q3_K_S | Q3_K_M | IQ4_NL | Q4_K_S | Q4_K_M | IQ3_S | IQ3_M
                | IQ4_XS => Type::Q5_K,
                _ => base,
            };
        }
        match self.mix {
            Q2_K => Type::Q3_K,
            IQ3_XXS => Type::IQ3_S,
            Q3_K_M | IQ3_M => Type::Q4_K,
            Q3_K_L => Type::Q5_K,
            _ => base,
        }
    }
}

/// The first and last eighth of the layers and every third between them.
fn more_bits(layer: u64, n: u64) -> bool {
    layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2
}
