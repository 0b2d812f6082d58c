//! Tensors and what is known of their types.

use std::ffi::{c_char, c_int, c_void};

use ort_sys::{ONNXTensorElementDataType, ONNXType, OrtApi, OrtMemoryInfo, OrtStatusPtr, OrtTensorTypeAndShapeInfo, OrtTypeInfo, OrtValue};

use super::{DONE, answer, handle, list, mark, object, object_mut, put, release};

pub(super) const NUMBERS: ONNXTensorElementDataType = ONNXTensorElementDataType::ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
pub(super) const TOKENS: ONNXTensorElementDataType = ONNXTensorElementDataType::ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;

/// A type: of what, and how many in each direction.
pub(super) struct Shape {
    pub(super) element: ONNXTensorElementDataType,
    pub(super) sides: Vec<i64>,
}

/// Where the numbers of a tensor are.
enum Content {
    /// In memory of the caller, which outlives the tensor.
    Lent(*mut c_void),
    /// In the tensor.
    Owned(Vec<f32>),
}

/// A tensor.
pub(super) struct Tensor {
    pub(super) shape: Shape,
    content: Content,
}

impl Tensor {
    /// Numbers of ours, as a handle.
    pub(super) fn of(numbers: Vec<f32>, sides: Vec<i64>) -> *mut OrtValue {
        handle(Self { shape: Shape { element: NUMBERS, sides }, content: Content::Owned(numbers) })
    }

    /// A table of whole numbers, row by row, if that is what it is.
    pub(super) fn rows(&self) -> Option<(&[i64], usize)> {
        let (TOKENS, [n_rows, width], Content::Lent(first)) = (self.shape.element, self.shape.sides.as_slice(), &self.content) else {
            return None;
        };
        let (n_rows, width) = (usize::try_from(*n_rows).ok()?, usize::try_from(*width).ok()?);
        Some((list(first.cast::<i64>().cast_const(), n_rows.checked_mul(width)?), width))
    }
}

extern "system" fn create_tensor(
    _memory: *const OrtMemoryInfo,
    first: *mut c_void,
    _len: usize,
    sides: *const i64,
    n_sides: usize,
    element: ONNXTensorElementDataType,
    out: *mut *mut OrtValue,
) -> OrtStatusPtr {
    let shape = Shape { element, sides: list(sides, n_sides).to_vec() };
    answer(out, handle(Tensor { shape, content: Content::Lent(first) }))
}

extern "system" fn is_tensor(_value: *const OrtValue, out: *mut c_int) -> OrtStatusPtr {
    answer(out, 1)
}

extern "system" fn tensor_data(value: *mut OrtValue, out: *mut *mut c_void) -> OrtStatusPtr {
    let first = match &mut object_mut::<Tensor, _>(value).content {
        Content::Lent(first) => *first,
        Content::Owned(numbers) => numbers.as_mut_ptr().cast(),
    };
    answer(out, first)
}

extern "system" fn tensor_shape(
    value: *const OrtValue,
    element: *mut ONNXTensorElementDataType,
    sides: *mut *const i64,
    n_sides: *mut usize,
) -> OrtStatusPtr {
    let shape = &object::<Tensor, _>(value).shape;
    put(element, shape.element);
    put(sides, shape.sides.as_ptr());
    answer(n_sides, shape.sides.len())
}

fn copy_of_shape<H>(value: *const OrtValue) -> *mut H {
    let shape = &object::<Tensor, _>(value).shape;
    handle(Shape { element: shape.element, sides: shape.sides.clone() })
}

extern "system" fn value_type_info(value: *const OrtValue, out: *mut *mut OrtTypeInfo) -> OrtStatusPtr {
    answer(out, copy_of_shape(value))
}

extern "system" fn value_shape_info(value: *const OrtValue, out: *mut *mut OrtTensorTypeAndShapeInfo) -> OrtStatusPtr {
    answer(out, copy_of_shape(value))
}

extern "system" fn value_kind(_value: *const OrtValue, out: *mut ONNXType) -> OrtStatusPtr {
    answer(out, ONNXType::ONNX_TYPE_TENSOR)
}

extern "system" fn tensor_memory(_value: *const OrtValue, out: *mut *const OrtMemoryInfo) -> OrtStatusPtr {
    answer(out, mark::<OrtMemoryInfo>())
}

extern "system" fn type_kind(_info: *const OrtTypeInfo, out: *mut ONNXType) -> OrtStatusPtr {
    answer(out, ONNXType::ONNX_TYPE_TENSOR)
}

/// Both handles lead to a [`Shape`].
extern "system" fn type_as_shape(info: *const OrtTypeInfo, out: *mut *const OrtTensorTypeAndShapeInfo) -> OrtStatusPtr {
    answer(out, info.cast())
}

extern "system" fn create_shape(out: *mut *mut OrtTensorTypeAndShapeInfo) -> OrtStatusPtr {
    answer(out, handle(Shape { element: NUMBERS, sides: Vec::new() }))
}

extern "system" fn element(info: *const OrtTensorTypeAndShapeInfo, out: *mut ONNXTensorElementDataType) -> OrtStatusPtr {
    answer(out, object::<Shape, _>(info).element)
}

extern "system" fn set_element(info: *mut OrtTensorTypeAndShapeInfo, element: ONNXTensorElementDataType) -> OrtStatusPtr {
    object_mut::<Shape, _>(info).element = element;
    DONE
}

extern "system" fn n_sides(info: *const OrtTensorTypeAndShapeInfo, out: *mut usize) -> OrtStatusPtr {
    answer(out, object::<Shape, _>(info).sides.len())
}

extern "system" fn sides(info: *const OrtTensorTypeAndShapeInfo, out: *mut i64, len: usize) -> OrtStatusPtr {
    for (i, side) in object::<Shape, _>(info).sides.iter().take(len).enumerate() {
        put(out.wrapping_add(i), *side);
    }
    DONE
}

extern "system" fn set_sides(info: *mut OrtTensorTypeAndShapeInfo, first: *const i64, len: usize) -> OrtStatusPtr {
    object_mut::<Shape, _>(info).sides = list(first, len).to_vec();
    DONE
}

extern "system" fn side_names(_info: *const OrtTensorTypeAndShapeInfo, out: *mut *const c_char, len: usize) -> OrtStatusPtr {
    for i in 0..len {
        put(out.wrapping_add(i), c"".as_ptr());
    }
    DONE
}

extern "system" fn set_side_names(_info: *mut OrtTensorTypeAndShapeInfo, _names: *mut *const c_char, _len: usize) -> OrtStatusPtr {
    DONE
}

extern "system" fn n_elements(info: *const OrtTensorTypeAndShapeInfo, out: *mut usize) -> OrtStatusPtr {
    let sides = &object::<Shape, _>(info).sides;
    answer(out, sides.iter().map(|side| usize::try_from(*side).unwrap_or(0)).product())
}

extern "system" fn release_tensor(value: *mut OrtValue) {
    release::<Tensor, _>(value);
}

extern "system" fn release_type(info: *mut OrtTypeInfo) {
    release::<Shape, _>(info);
}

extern "system" fn release_shape(info: *mut OrtTensorTypeAndShapeInfo) {
    release::<Shape, _>(info);
}

/// The table with the functions of this file in it.
pub(super) fn table(rest: OrtApi) -> OrtApi {
    OrtApi {
        CreateTensorWithDataAsOrtValue: create_tensor,
        IsTensor: is_tensor,
        GetTensorMutableData: tensor_data,
        GetTensorElementTypeAndShapeDataReference: tensor_shape,
        GetTypeInfo: value_type_info,
        GetTensorTypeAndShape: value_shape_info,
        GetValueType: value_kind,
        GetTensorMemoryInfo: tensor_memory,
        GetOnnxTypeFromTypeInfo: type_kind,
        CastTypeInfoToTensorInfo: type_as_shape,
        CreateTensorTypeAndShapeInfo: create_shape,
        GetTensorElementType: element,
        SetTensorElementType: set_element,
        GetDimensionsCount: n_sides,
        GetDimensions: sides,
        SetDimensions: set_sides,
        GetSymbolicDimensions: side_names,
        SetSymbolicDimensions: set_side_names,
        GetTensorShapeElementCount: n_elements,
        ReleaseValue: release_tensor,
        ReleaseTypeInfo: release_type,
        ReleaseTensorTypeAndShapeInfo: release_shape,
        ..rest
    }
}
